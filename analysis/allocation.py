"""How a sum is split over actions: the best expected return first, up to the people there are, nothing to a loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CASES = ("low", "expected", "high")


@dataclass(frozen=True, slots=True)
class Offer:
    """One action as money sees it. people: who may be contacted (control group apart). cost: of one contact.

    order: what one more order brings after the goods are paid. response: (low, expected, high) share of the contacted
    who place one.
    """

    key: str
    people: int
    cost: Decimal
    order: Decimal
    response: tuple[Decimal, Decimal, Decimal]
    share: Decimal

    def gain(self, case: int = 1) -> Decimal:
        """Margin that one contact adds, before its cost."""
        return self.response[case] * self.order

    def net(self, contacts: int, case: int = 1) -> Decimal:
        """What is left of the added margin after the contacts are paid."""
        return contacts * (self.gain(case) - self.cost) + Decimal(0)  # never minus nought

    @property
    def pays(self) -> bool:
        return self.gain() > self.cost

    @property
    def break_even(self) -> Decimal | None:
        """The response that just pays for the contact; None when an order leaves nothing."""
        return self.cost / self.order if self.order > 0 else None

    def within(self, money: Decimal) -> int:
        """How many can be contacted for so much money."""
        return self.people if self.cost == 0 else max(0, min(self.people, int(money // self.cost)))


def treated(people: int, control: Decimal) -> int:
    """Who is contacted when a share is kept apart to compare with: whole people, halves go to the control group."""
    return people - int((people * control).to_integral_value(ROUND_HALF_UP))


def best(offers: Sequence[Offer], budget: Decimal | None) -> list[int]:
    """Contacts by offer: the highest expected return a unit of cost first; equal ones in the order given.

    budget None: everybody whom it pays to contact. Each contact of an action returns the same, so that filling the best
    first is the optimum, up to the part of one contact that is left over: no crumbs of it go to a further action.
    """
    contacts, left = [0] * len(offers), budget
    for at in sorted(range(len(offers)), key=lambda at: (-_rate(offers[at]), at)):
        if offers[at].pays:
            contacts[at] = offers[at].people if left is None else offers[at].within(left)
            left = None if left is None else left - contacts[at] * offers[at].cost
            if 0 < contacts[at] < offers[at].people:
                break
    return contacts


def shared(offers: Sequence[Offer], budget: Decimal) -> list[int]:
    """Contacts by offer when each gets its share of the budget, whether it pays or not."""
    return [offer.within(budget * offer.share) for offer in offers]


def spent(offers: Sequence[Offer], contacts: Sequence[int]) -> Decimal:
    """What the contacts cost, exactly."""
    return sum((count * offer.cost for offer, count in zip(offers, contacts, strict=True)), Decimal(0))


def returned(offers: Sequence[Offer], contacts: Sequence[int], case: int = 1) -> Decimal:
    """What is left of the added margin after the contacts are paid, over all offers."""
    return sum((offer.net(count, case) for offer, count in zip(offers, contacts, strict=True)), Decimal(0))


def _rate(offer: Offer) -> Decimal:
    """Expected added margin a unit of cost; without a cost, more than any."""
    return offer.gain() / offer.cost if offer.cost else Decimal("Infinity")
