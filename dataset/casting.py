"""From raw text to typed columns: each cast is checked, and a row that fails one is rejected with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from dataset.engine import identifier, quoted
from dataset.errors import DataError, counted, shown
from dataset.reading import Raw, Reader
from dataset.tables import MONEY, QUANTITY, Reason

REJECT_LIMIT = 0.05  # a larger share of unreadable rows is not noise: the file or its description is wrong
LONGEST_LABEL = 1000
FIRST_YEAR, LAST_YEAR = 1980, 2100
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")  # a BIGINT holds them
WHOLE = (*NUMBERS, "HUGEINT", "UBIGINT")
NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?"
ACCOUNTING = r"'^\((.*)\)$'"
GROUPED = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"
SYMBOLS = {"£": "GBP", "€": "EUR", "$": "USD", "¥": "JPY", "₹": "INR", "₽": "RUB", "₺": "TRY", "zł": "PLN"}
SYMBOL_CLASS = "[" + "".join(s for s in SYMBOLS if len(s) == 1) + "]"

# Two digits of a year first: %Y takes them too, as a year of the first century.
CLOCKS = tuple(y + clock for y in ("%y", "%Y") for clock in (" %H:%M", " %H:%M:%S", "", " %I:%M %p", " %I:%M:%S %p"))
# Families of date spellings; within one column only one family may be used.
DATE_FAMILIES: dict[str, tuple[str, ...]] = {
    "month/day/year": tuple("%m/%d/" + rest for rest in CLOCKS),
    "day/month/year": tuple("%d/%m/" + rest for rest in CLOCKS),
    "month-day-year": tuple("%m-%d-" + rest for rest in CLOCKS),
    "day-month-year": tuple("%d-%m-" + rest for rest in CLOCKS),
    "day.month.year": tuple("%d.%m." + rest for rest in CLOCKS),
    "yearmonthday": ("%Y%m%d", "%Y%m%d%H%M%S"),
}
# How dates of a family begin; twins differ in the order of day and month.
SHAPES = {
    r"^\d{1,2}/\d": ("month/day/year", "day/month/year"), r"^\d{1,2}-\d": ("month-day-year", "day-month-year"),
    r"^\d{1,2}\.\d": ("day.month.year",), r"^\d{8}(\d{6})?$": ("yearmonthday",),
}  # fmt: skip
EPOCH = "\\d{9,13}|\\d{16,19}"  # 8 and 14 digits are a date
ZONED = "(Z|[A-Za-z_/]+|[+-]\\d{2}(:?\\d{2})?)$"  # how a time that names its zone ends


@dataclass(frozen=True, slots=True)
class Check:
    """A condition under which a row is rejected."""

    condition: str
    code: str
    column: str
    why: str


@dataclass(slots=True)
class Casts:
    """Collects the typed columns of one table, then creates it: `_row`, the columns, and `reject` (null when fine)."""

    reader: Reader
    raw: Raw
    zone: str
    columns: dict[str, str] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    derived: dict[str, str] = field(default_factory=dict)
    sure: dict[str, str] = field(default_factory=dict)  # how a column reads once it is known that it rejects no row
    plain: dict[str, str] = field(default_factory=dict)  # columns of the raw ones, where a view of them rejects no row
    parsing: bool = False  # whether some number or time is parsed from text: too dear to be repeated by every query

    def sql(self, expression: str, name: str) -> None:
        """A column by an SQL expression over the raw columns."""
        self.columns[name] = expression

    def empty(self, *names: str, kind: str = "varchar") -> None:
        for name in names:
            self.columns[name] = f"cast(null as {kind})"

    def id(
        self, name: str, column: str | None, required: bool = False, number: str = "", instead: str | None = None
    ) -> None:
        """Text, trimmed, blank = null; the `.0` of ids that once were floats goes when every one has it.

        number: a column for the whole number it is the text of, where the file has one: compared in half the time.
        instead: the raw column it stands in for where that is null; elsewhere it is not used.
        """
        if number and (column is None or self.raw.columns[column] in NUMBERS):
            self.columns[number] = f"cast({'null' if column is None else identifier(column)} as bigint)"
        if column is None:
            return self.empty(name)
        value = self._trimmed(column, instead)
        if self.raw.columns[column] in ("DOUBLE", "FLOAT") or self._all_float(column):
            value = f"regexp_replace({value}, '\\.0$', '')"
        self.columns[name] = value
        if required:
            there = number if number in self.columns else name
            self.checks.append(Check(f"{identifier(there)} is null", "E_NULL", column, f"{shown(column)} is blank"))
        return None

    def word(self, name: str, column: str) -> None:
        """A word for comparing: trimmed, lower case."""
        self.columns[name] = f"lower({self._trimmed(column)})"

    def label(self, name: str, column: str | None) -> None:
        """Text to show: trimmed, blank or the word null = null, at most 1,000 characters (then noted)."""
        if column is None:
            return self.empty(name)
        text = _trimmed(column)
        self.columns[name] = (
            f"case when lower({text}) in ('null', 'nan', 'none', 'n/a') then null"
            f" else left({text}, {LONGEST_LABEL}) end"
        )
        if self.raw.columns[column] == "VARCHAR":
            self.labels.append(column)
        return None

    def number(self, name: str, column: str, required: bool = True) -> None:
        """A quantity: decimal, accounting negatives `(6)` read as -6."""
        self._decimal(name, column, QUANTITY, ".", "", "", required)

    def money(
        self, name: str, column: str, decimal: str = ".", thousands: str = "", suffix: str = "", required: bool = True
    ) -> None:
        """An amount: decimal, with the declared or the usual signs; a currency symbol is dropped (see `symbol`)."""
        self._decimal(name, column, MONEY, decimal, thousands, suffix, required)

    def _decimal(
        self, name: str, column: str, kind: str, decimal: str, thousands: str, suffix: str, required: bool
    ) -> None:
        ident = identifier(column)
        if self.raw.columns[column] != "VARCHAR":
            exact = f"cast({ident} as double)" if self.raw.columns[column] == "FLOAT" else ident
            self.columns[name] = f"try_cast({exact} as {kind})"
        else:
            self.parsing = True
            text = _plain_number(_trimmed(column), decimal, thousands, suffix)
            ok = f"regexp_full_match({text}, {quoted(NUMBER)})"
            self.columns[name] = f"case when {ok} then try_cast({text} as {kind}) end"
        if required:
            what = "an amount" if kind == MONEY else "a number"
            self.checks.append(
                Check(f"{identifier(name)} is null", "E_AMOUNT_PARSE", column, f"{shown(column)} is not {what}")
            )

    def product(self, name: str, one: str, other: str) -> None:
        """The product of two columns as money; a row whose product is too large for money is rejected."""
        a, b = identifier(one), identifier(other)
        # 64-bit arithmetic where it must fit: 128-bit takes twenty times as long.
        fits = f"abs(cast({a} as double) * cast({b} as double)) < 9e8"
        wide = f"try_cast(cast({a} as decimal(38, 3)) * {b} as {MONEY})"
        self.derived[name] = f"case when {fits} then cast({a} * {b} as {MONEY}) else {wide} end"
        why = f"{one} times {other} is larger than an amount can be"
        self.checks.append(Check(f"{identifier(name)} is null", "E_AMOUNT_PARSE", "", why))

    def time(
        self,
        name: str,
        column: str | None,
        zone: str,
        format: str = "",
        month_first: bool = False,
        required: bool = True,
    ) -> None:
        """A time, local to the report's zone; `zone` is where naive times were written. Epochs are UTC.

        Raises DataError E_DATE_PARSE when one column mixes day/month and month/day, E_DATE_AMBIGUOUS when it can't be
        told and `month_first` is not given, E_EPOCH_UNIT for epochs that are not milliseconds (or seconds).
        """
        if column is None:
            return self.empty(name, kind="timestamp")
        kind = self.raw.columns[column]
        if kind in WHOLE and not format:
            instant = self._epoch(column, identifier(column))
        elif kind == "DATE":
            instant = _shift(f"cast({identifier(column)} as timestamp)", zone, self.zone)
        elif kind == "TIMESTAMP WITH TIME ZONE":
            instant = _local(identifier(column), self.zone)
        elif kind.startswith("TIMESTAMP"):
            instant = _shift(f"cast({identifier(column)} as timestamp)", zone, self.zone)
        else:
            instant = self._text_time(column, zone, format, month_first)
        within = f"{instant} >= timestamp '{FIRST_YEAR}-01-01' and {instant} < timestamp '{LAST_YEAR}-01-01'"
        self.sure[name] = instant
        self.columns[name] = f"case when {within} then {instant} end"
        if required:
            self.checks.append(
                Check(
                    f"{identifier(name)} is null", "E_DATE_PARSE", column, f"{shown(column)} is not a date that can be"
                )
            )
        return None

    def _text_time(self, column: str, zone: str, format: str, month_first: bool) -> str:
        self.parsing = True
        text = _trimmed(column)
        if format:
            parsed = f"try_strptime(cast({text} as varchar), {quoted(format)})"
            if "%z" in format or "%Z" in format:
                return f"timezone({quoted(self.zone)}, {parsed})"
            return _shift(parsed, zone, self.zone)
        zoned = f"timezone({quoted(self.zone)}, try_cast({text} as timestamptz))"
        naive = _shift(f"try_cast({text} as timestamp)", zone, self.zone)
        iso = f"regexp_matches({text}, '^\\d{{4}}[-/]')"
        tail = f"regexp_matches({text}, '{ZONED}') and length({text}) > 10"
        epochs, isos, tails, *shapes = self._spelt(
            text, f"regexp_full_match({text}, '{EPOCH}')", iso, f"{iso} and {tail}"
        )
        if epochs * 2 > self.raw.rows:
            return self._epoch(column, f"try_cast({text} as bigint)")
        if max(shapes) > isos:
            family, *twin = list(SHAPES.values())[shapes.index(max(shapes))]
            family = self._told_apart(column, text, family, twin[0], month_first) if twin else family
            return _shift(_strptime(text, family), zone, self.zone)
        if 0 < tails < isos:
            what = f"{counted(isos - tails, 'time')} in {shown(column)} without a zone among {tails:,} with one"
            self.reader.note("W_TIME_ZONE", isos - tails, f"{self.raw.label}: {what}, taken as {zone}")
        return f"case when {iso} then case when {tail} then {zoned} else {naive} end end"

    def _spelt(self, text: str, *conditions: str) -> tuple[int, ...]:
        """How many rows meet each condition, then each of SHAPES: one pass over the column."""
        tests = (*conditions, *(f"regexp_matches({text}, '{shape}')" for shape in SHAPES))
        counts = ", ".join(f"count(*) filter ({test})" for test in tests)
        return self.raw.engine.rows(f"select {counts} from {identifier(self.raw.table)}")[0]

    def _told_apart(self, column: str, text: str, one: str, other: str, month_first: bool) -> str:
        """Of two families that differ in the order of day and month, the one the column keeps to."""
        table = identifier(self.raw.table)
        first, second = f"{_strptime(text, one)} is not null", f"{_strptime(text, other)} is not null"
        ones, others = self.raw.engine.rows(
            f"select count(*) filter ({first}), count(*) filter ({second}) from {table}"
        )[0]
        if ones == others:
            if month_first:
                return one
            raise DataError(
                "E_DATE_AMBIGUOUS", "day and month cannot be told apart", file=self.raw.label, column=column,
                hint='Write dates as 2024-12-31, or say which in a mapping: "date_format": "%d/%m/%Y"',
            )  # fmt: skip
        best, odd, fits, misfits = (one, other, first, second) if ones > others else (other, one, second, first)
        if (row := self._first(f"not ({fits}) and {misfits}")) is not None:
            label, line = self.raw.place(row)
            raise DataError(
                "E_DATE_PARSE", f"this date is {odd}, the others are {best}: rows misread without notice",
                file=label, column=column, row=line, hint="Write all dates one way, best as 2024-12-31",
            )  # fmt: skip
        return best

    def _epoch(self, column: str, value: str) -> str:
        """Epoch milliseconds (seconds when the size says so) as local time."""
        table = identifier(self.raw.table)
        middle = self.raw.engine.value(f"select quantile_disc({value}, 0.5) from {table}")
        seconds = _seconds(FIRST_YEAR), _seconds(LAST_YEAR)
        units = {"seconds": 1, "milliseconds": 1000, "microseconds": 10**6, "nanoseconds": 10**9}
        fitting = (
            (name, factor)
            for name, factor in units.items()
            if middle is not None and seconds[0] * factor <= middle < seconds[1] * factor
        )
        unit, factor = next(fitting, ("no known unit", 0))
        if unit not in ("milliseconds", "seconds"):
            label, line = self.raw.place(int(self._first(f"{value} is not null") or 0))
            raise DataError(
                "E_EPOCH_UNIT", f"times are in {unit} since 1970, milliseconds are expected", file=label, column=column,
                row=line, hint="Divide by 1,000 until they are milliseconds",
            )  # fmt: skip
        if unit == "seconds":
            what = f"{shown(column)} counts seconds since 1970, not milliseconds, and is read so"
            self.reader.note("W_EPOCH_UNIT", 1, f"{self.raw.label}: {what}")
        low, high = seconds[0] * factor, seconds[1] * factor
        micros = f"make_timestamp({value} * {10**6 // factor})"
        return _shift(f"case when {value} between {low} and {high} then {micros} end", "UTC", self.zone)

    def create(self, table: str) -> list[Reason]:
        """Create the typed table; the rejected rows' reasons. Raises DataError when too many rows are rejected."""
        inner = ", ".join(f"{sql} as {identifier(name)}" for name, sql in self.columns.items())
        further = "".join(f", {sql} as {identifier(name)}" for name, sql in self.derived.items())
        cases = " ".join(f"when {c.condition} then {i}" for i, c in enumerate(self.checks))
        reject = f"case {cases} end" if cases else "cast(null as integer)"
        self._long_labels()
        source = identifier(self.raw.table)
        made = "view" if self.raw.columnar and not self.parsing else "table"
        sql = """create or replace {} {} as select *, cast({} as tinyint) as reject
                 from (select *{} from (select _row, {} from {}))"""
        self.raw.engine.run(sql.format(made, identifier(table), reject, further, inner, source))
        found = self.raw.engine.rows(
            f"""select reject, count(*), min(_row) from {identifier(table)} where reject is not null
                group by reject order by 2 desc, 1"""
        )
        if made == "view" and not found:  # every query reads through it: without checks that none needs
            self.plain = {name: self.sure.get(name, it) for name, it in self.columns.items()}
            inner = ", ".join(f"{it} as {identifier(name)}" for name, it in self.plain.items())
            self.raw.engine.run(sql.format(made, identifier(table), "null", further, inner, source))
        return self._judged(found)

    def _judged(self, found: list[tuple[int, int, int]]) -> list[Reason]:
        rejected = sum(count for _, count, _ in found)
        if not rejected:
            return []
        check = self.checks[found[0][0]]
        label, line = self.raw.place(found[0][2])
        share = rejected / self.raw.rows
        if share > REJECT_LIMIT:
            raise DataError(
                check.code, f"{check.why}; {rejected} of {self.raw.rows} rows cannot be read ({share:.0%})",
                file=label, column=check.column, row=line,
                hint="Repair the file, or say in a mapping how it is written",
            )  # fmt: skip
        listed = "; ".join(
            f"{self.checks[i].why} ({counted(count, 'row')}, first in {self._place(row)})" for i, count, row in found
        )
        self.reader.note(
            "W_ROWS_REJECTED", rejected, f"{self.raw.label}: {counted(rejected, 'row')} could not be read: {listed}"
        )
        return [Reason("rejected", self.checks[i].why, count) for i, count, _ in found]

    def _place(self, row: int) -> str:
        label, line = self.raw.place(row)
        return f"row {line}" if len(self.raw.parts) == 1 else f"{label}, row {line}"

    def symbol(self, column: str) -> str:
        """The ISO code of the one currency symbol in an amount column, "" for none. Raises E_CURRENCY_MIXED."""
        if self.raw.columns[column] != "VARCHAR":
            return ""
        sign = f"regexp_extract({identifier(column)}, {quoted(SYMBOL_CLASS)})"
        found = self.raw.engine.rows(
            f"select {sign}, min(_row) from {identifier(self.raw.table)} where {sign} <> '' group by 1 order by 2"
        )
        if len(found) > 1:
            label, line = self.raw.place(found[0][1])
            signs = ", ".join(str(s) for s, _ in found)
            raise DataError(
                "E_CURRENCY_MIXED", f"amounts in several currencies ({signs}) cannot be added up", file=label,
                column=column, row=line, hint="Convert them to one currency first",
            )  # fmt: skip
        return SYMBOLS[found[0][0]] if found else ""

    def ambiguous_scale(self, column: str) -> None:
        """Note amounts that all have exactly three digits behind the point: perhaps thousands."""
        if self.raw.columns[column] != "VARCHAR":
            return
        text = _trimmed(column)
        odd = self._count(f"regexp_full_match({text}, '[+-]?\\d{{1,3}}[.,]\\d{{3}}')")
        if odd and odd == self._count(f"{text} is not null"):
            why = "every amount has three digits behind the point: if these are thousands, say so in the mapping"
            self.reader.note("W_AMOUNT_SCALE", odd, f"{self.raw.label}, {column}: {why}")

    def daylight_saving(self, name: str, column: str, table: str, zone: str) -> None:
        """Note local times that a clock change skipped or doubled."""
        there = f"timezone({quoted(zone)}, {name})"
        back = f"timezone({quoted(zone)}, {there})"
        twice = " or ".join(f"timezone({quoted(zone)}, {there} {sign} interval 1 hour) = {name}" for sign in "+-")
        odd = self.raw.engine.value(f"select count(*) from {identifier(table)} where {back} <> {name} or {twice}")
        what = f"{counted(odd, 'time')} in {shown(column)} within a clock change of {zone}"
        self.reader.note("W_DST", odd, f"{self.raw.label}: {what}, so without or with two meanings; kept as written")

    def _long_labels(self) -> None:
        if not self.labels:
            return
        longer = "strlen({0}) > {1} and length({0}) > {1}"  # bytes are counted faster than signs
        long = " + ".join(f"count(*) filter ({longer.format(identifier(c), LONGEST_LABEL)})" for c in self.labels)
        odd = self.raw.engine.value(f"select {long} from {identifier(self.raw.table)}")
        self.reader.note(
            "W_TEXT_TRUNCATED", odd, f"{self.raw.label}: {counted(odd, 'text')} over {LONGEST_LABEL:,} signs, cut there"
        )

    def _all_float(self, column: str) -> bool:
        if self.raw.columns[column] != "VARCHAR":
            return False
        text = _trimmed(column)
        if not self._count(f"regexp_full_match({text}, '\\d+\\.0')", most=1):
            return False
        whole = f"count({text}) > 0 and bool_and(regexp_full_match({text}, '\\d+\\.0'))"
        return bool(self.raw.engine.value(f"select {whole} from {identifier(self.raw.table)}"))

    def _trimmed(self, column: str, instead: str | None = None) -> str:
        """A column as trimmed text, blank = null; as it stands when a look at a columnar file shows nothing to trim."""
        if not self.raw.columnar:
            return _trimmed(column)
        ident = identifier(column)
        if self.raw.columns[column] in WHOLE:
            return f"cast({ident} as varchar)"
        if self.raw.columns[column] != "VARCHAR":
            return _trimmed(column)
        odd = f"{ident} < '!' or {ident}[-1] < '!' or strlen({ident}) <> length({ident})"
        if instead:
            odd = f"{identifier(instead)} is null and ({odd})"
        return _trimmed(column) if self._count(odd) else ident

    def _count(self, condition: str, most: int = 0) -> int:
        """How many rows meet a condition, among the first `most` when given."""
        table = identifier(self.raw.table)
        source = f"(select * from {table} limit {most})" if most else table
        return int(self.raw.engine.value(f"select count(*) from {source} where {condition}"))

    def _first(self, condition: str) -> int | None:
        return self.raw.engine.value(f"select min(_row) from {identifier(self.raw.table)} where {condition}")


def status(column: str | None) -> str:
    """A status word for comparing: lower case, blanks of every kind trimmed."""
    return f"lower({_trimmed(column)})" if column else "cast(null as varchar)"


def _trimmed(column: str) -> str:
    ident = f"cast({identifier(column)} as varchar)"
    return f"nullif(trim({ident}, ' \t\r\n\u00a0\u2007\u202f\ufeff\u200b'), '')"


def _plain_number(text: str, decimal: str, thousands: str, suffix: str) -> str:
    """SQL that brings an amount's text to the form -1234.56 (or leaves what is none)."""
    if suffix:
        text = f"trim(regexp_replace({text}, {quoted(_literal(suffix.strip()) + '$')}, ''))"
    text = f"regexp_replace({text}, {ACCOUNTING}, '-\\1')"
    text = f"trim(regexp_replace({text}, {quoted(SYMBOL_CLASS)}, ''))"
    if thousands:
        text = f"replace({text}, {quoted(thousands)}, '')"
    if decimal != ".":
        return f"replace({text}, {quoted(decimal)}, '.')"
    if thousands:
        return text
    return f"case when regexp_full_match({text}, {quoted(GROUPED)}) then replace({text}, ',', '') else {text} end"


def _literal(text: str) -> str:
    return "".join(c if c.isalnum() or c == " " else f"\\{c}" for c in text)


def _strptime(text: str, family: str) -> str:
    formats = ", ".join(quoted(f) for f in DATE_FAMILIES[family])
    return f"try_strptime({text}, [{formats}])"


def _local(instant: str, zone: str) -> str:
    """The clock time of an instant; in UTC it is the same number, six times as fast."""
    if zone == "UTC":
        return f"make_timestamp(epoch_us({instant}))"
    return f"timezone({quoted(zone)}, {instant})"


def _shift(naive: str, zone: str, to: str) -> str:
    return naive if zone == to else f"timezone({quoted(to)}, timezone({quoted(zone)}, {naive}))"


def _seconds(year: int) -> int:
    return (year - 1970) * 31556952
