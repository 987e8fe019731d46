"""Key figures: a case solved by hand, a pandas oracle on random lines, and what must not change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

# Order, customer, day, amount, kind, product, quantity.
LINES = [
    ("o1", "a", "2024-01-01", "10.00", "sale", "p", 2),
    ("o1", "a", "2024-01-01", "5.50", "sale", "q", 1),
    ("o2", "a", "2024-07-15", "20.00", "sale", "p", 1),
    ("o3", "b", "2024-07-20", "100.00", "sale", "p", 4),
    ("o3", "b", "2024-07-20", "30.00", "returned", "q", 1),
    ("o4", None, "2024-07-21", "8.00", "sale", "p", 1),
    ("o5", "c", "2024-07-22", "40.00", "cancelled", "p", 1),
    ("o6", "d", "2024-07-22", "60.00", "returned", "p", 1),
    ("c1", "a", "2024-07-23", "-4.00", "refund", "p", -1),
    (None, None, "2024-07-24", "-1.00", "refund"),
]
EVENTS = [
    ("a", "view", "2024-01-01"),
    ("b", "view", "2024-01-01"),
    ("x", "view", "2024-01-01"),
    ("y", "cart", "2024-01-02"),
]
MONEY = ("gross", "refunds", "net", "net_known", "order_value", "revenue_per_buyer")
UNIT_FREE = ("conversion", "refund_rate", "orders_per_customer", "repeat_share", "active_90d", "new_buyers_share_90d")


def values(result) -> dict:
    return {key: finding.value for key, finding in result.findings.items()}


def test_by_hand(shop, computed):
    found = values(computed("kpis", shop(LINES, EVENTS, settings={"snapshot": date(2024, 8, 1)})))
    assert found["gross"] == Decimal("233.5") and found["refunds"] == 95 and found["net"] == Decimal("138.5")
    assert found["net_known"] == Decimal("131.5")
    assert found["orders"] == 4 and found["buyers"] == 2 and found["units"] == 9
    assert found["refund_rate"] == pytest.approx(95 / 233.5)
    assert found["order_value"] == pytest.approx(143.5 / 4)
    assert found["revenue_per_buyer"] == pytest.approx(131.5 / 2)
    assert found["orders_per_customer"] == 1.5 and found["repeat_share"] == 0.5
    assert found["active_90d"] == 1 and found["new_buyers_share_90d"] == 0.5
    assert found["visitors"] == 4 and found["conversion"] == 0.5
    assert (found["first_day"], found["last_day"]) == (date(2024, 1, 1), date(2024, 7, 21))


def test_lines_after_the_last_sale_are_left_out(shop, computed):
    """S is the day after the last sale, 22 July here: what is dated from then on is not in the figures."""
    found = values(computed("kpis", shop(LINES)))
    assert found["gross"] == Decimal("173.5") and found["refunds"] == 30 and found["net"] == Decimal("143.5")
    assert found["last_day"] == date(2024, 7, 21)


def test_without_events_there_are_no_visitors(shop, computed):
    result = computed("kpis", shop(LINES))
    assert "visitors" not in result.findings and "visitors" not in set(result.kpis.frame["key"])


def test_timing_follows_the_findings(shop, computed):
    result = computed("kpis", shop(LINES, EVENTS))
    leading = set(result.kpis.frame.query("timing == 'leading'")["key"])
    assert leading == {"conversion", "repeat_share", "active_90d", "new_buyers_share_90d"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_pandas(shop, computed, random_lines, seed):
    lines = random_lines(seed)
    made = shop(lines)
    found = values(computed("kpis", made))
    lines = lines[lines["ordered_at"] < pd.Timestamp(made[1].snapshot)]
    total = lines.groupby("kind")["amount"].sum().round(2)
    sales, known = lines[lines["kind"] == "sale"], lines[lines["customer_id"].notna()]
    per_buyer = sales.groupby("customer_id")["order_id"].nunique()
    last = sales.groupby("customer_id")["ordered_at"].max()
    assert float(found["gross"]) == pytest.approx(total["sale"] + total["returned"])
    assert float(found["refunds"]) == pytest.approx(total["returned"] - total["refund"])
    assert float(found["net"]) == pytest.approx(total["sale"] + total["refund"])
    assert float(found["net_known"]) == pytest.approx(known[known["kind"].isin(["sale", "refund"])]["amount"].sum())
    assert found["orders"] == sales["order_id"].nunique() and found["buyers"] == len(per_buyer)
    assert found["units"] == sales["quantity"].sum()
    assert found["repeat_share"] == pytest.approx((per_buyer > 1).mean())
    since = pd.Timestamp(made[1].snapshot) - pd.Timedelta(days=90)
    assert found["active_90d"] == pytest.approx((last >= since).mean())


def test_shuffled_relabelled_moved(shop, computed, random_lines):
    lines = random_lines(4)
    other = lines.sample(frac=1, random_state=2)
    other = other.assign(customer_id="x" + other["customer_id"], ordered_at=other["ordered_at"] + pd.Timedelta(days=31))
    one, two = (values(computed("kpis", shop(data))) for data in (lines, other))
    assert {k: v for k, v in one.items() if "_day" not in k} == {k: v for k, v in two.items() if "_day" not in k}


def test_scaled_amounts_scale_money_only(shop, computed, random_lines):
    lines = random_lines(5)
    one, two = (values(computed("kpis", shop(data))) for data in (lines, lines.assign(amount=lines["amount"] * 8)))
    assert all(float(two[key]) == pytest.approx(8 * float(one[key])) for key in MONEY)
    assert all(two[key] == pytest.approx(one[key]) for key in UNIT_FREE if key in one)


def test_every_customer_twice(shop, computed, random_lines):
    lines = random_lines(6).query("customer_id == customer_id")
    twins = lines.assign(customer_id="x" + lines["customer_id"], order_id="x" + lines["order_id"])
    one, two = (values(computed("kpis", shop(data))) for data in (lines, pd.concat([lines, twins])))
    assert all(two[key] == 2 * one[key] for key in ("gross", "refunds", "net", "orders", "buyers", "units"))
    assert all(two[key] == pytest.approx(one[key]) for key in UNIT_FREE if key in one)


def test_a_split_line_changes_nothing(shop, computed):
    half = [("o1", "a", "2024-01-01", "5.00", "sale", "p", 1)] * 2
    one, two = (values(computed("kpis", shop(data))) for data in (LINES, half + LINES[1:]))
    assert one == two


def test_an_order_and_its_full_refund(shop, computed):
    more = [("o9", "a", "2024-07-01", "50.00"), ("c9", "a", "2024-07-02", "-50.00")]
    one, two = (values(computed("kpis", shop(data))) for data in (LINES, LINES + more))
    assert two["net"] == one["net"] and two["refunds"] == one["refunds"] + 50 and two["orders"] == one["orders"] + 1


def test_a_visitor_who_does_not_buy(shop, computed):
    one, two = (
        values(computed("kpis", shop(LINES, data))) for data in (EVENTS, [*EVENTS, ("z", "view", "2024-01-03")])
    )
    assert two["conversion"] == pytest.approx(2 / 5) and two["visitors"] == 5
    assert {k: v for k, v in one.items() if k not in ("visitors", "conversion")} == {
        k: v for k, v in two.items() if k not in ("visitors", "conversion")
    }


def test_without_money(shop, computed):
    lines = [("o1", "a", "2024-01-01", None, "sale"), ("o2", "b", "2024-01-02", None, "sale")]
    result = computed("kpis", shop(lines, no_money="no prices in the files"))
    for key in (*MONEY, "refund_rate"):
        assert result.findings[key].value is None and result.findings[key].reason == "no prices in the files"
    assert result.findings["headline"].value == 2
    assert result.findings["headline"].claim == (
        "Customers placed {value} orders; {kpis.repeat_share} of known customers came back."
    )


def test_an_unknown_amount_is_not_zero(shop, computed):
    lines = [("o1", "a", "2024-01-01", "10.00", "sale"), ("o2", "b", "2024-01-02", None, "sale")]
    found = values(computed("kpis", shop(lines)))
    assert found["order_value"] == 10 and found["revenue_per_buyer"] == 10 and found["orders"] == 2


def test_without_known_customers(shop, computed):
    result = computed("kpis", shop([("o1", None, "2024-01-01", 10)]))
    for key in ("net_known", "revenue_per_buyer", "orders_per_customer", "repeat_share", "active_90d"):
        assert result.findings[key].value is None and result.findings[key].reason == "no sale names its customer"
    assert result.findings["headline"].claim == "Net revenue was {value} from {kpis.orders} order."


def test_negative_net(shop, computed):
    result = computed("kpis", shop([("o1", "a", "2024-01-02", 10), ("c1", "a", "2024-01-01", -50)]))
    assert result.findings["headline"].claim.startswith("Refunds exceeded sales")
    assert result.findings["refund_rate"].reason == "more was refunded than was sold"


def test_no_sale_is_skipped(shop):
    from analysis.run import run

    done = run(["kpis"], *shop([("o1", "a", "2024-01-01", 10, "cancelled")]))
    assert done.skipped["kpis"] == "there is no sale before the report's last day"


def test_events_that_name_people_differently(shop, computed):
    result = computed("kpis", shop(LINES, [("visitor-1", "view", "2024-01-01")]))
    assert result.findings["conversion"].value is None
    assert result.findings["conversion"].reason.startswith("no buyer is found among the visitors")


def test_visits_after_the_last_sale_count_in_their_own_window(shop, computed):
    late = [*EVENTS, ("z", "view", "2024-09-01")]
    found = computed("kpis", shop(LINES, late)).findings
    assert found["visitors"].value == 5 and found["conversion"].value == 2 / 5
    assert found["visitors"].window == found["conversion"].window == (date(2024, 1, 1), date(2024, 9, 1))
    cut = computed("kpis", shop(LINES, late, settings={"as_of": date(2024, 8, 1), "snapshot": date(2024, 8, 1)}))
    assert cut.findings["visitors"].value == 4


def test_revenue_per_buyer_is_of_the_buyers_it_counts(shop, computed):
    """Refunds of a person who never bought are in the net of known customers, in that of no buyer."""
    lines = [("o1", "a", "2024-01-02", 10), ("c1", "a", "2024-01-02", -4), ("c2", "b", "2024-01-01", -5)]
    found = values(computed("kpis", shop(lines)))
    assert found["revenue_per_buyer"] == 6 and found["net_known"] == 1


def test_refunds_that_name_no_customer_are_not_taken_off_what_customers_brought(shop, computed):
    nameless = [("o1", "a", "2024-01-02", 10), (None, None, "2024-01-01", -4, "refund")]
    claims = {k: f.claim for k, f in computed("kpis", shop(nameless)).findings.items()}
    for key in ("net_known", "revenue_per_buyer"):
        assert "before refunds, which name no customer" in claims[key] and " net " not in claims[key]
    named = [*nameless, ("c2", "a", "2024-01-02", -1, "refund")]
    assert "before refunds" not in computed("kpis", shop(named)).findings["net_known"].claim


def test_what_is_summed_over_lines_counts_lines(shop, computed):
    found = computed("kpis", shop(LINES, settings={"snapshot": date(2024, 8, 1)})).findings
    assert {found[key].n for key in ("gross", "refunds", "net", "refund_rate", "headline")} == {9}
    assert found["net_known"].n == 7 and found["order_value"].n == 4


def test_shares_of_the_last_ninety_days_have_their_window(shop, computed):
    found = computed("kpis", shop(LINES, settings={"snapshot": date(2024, 8, 1)})).findings
    assert found["new_buyers_share_90d"].window == (date(2024, 5, 3), date(2024, 7, 31))
