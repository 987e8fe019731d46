"""Raw shop data in, executive deck and technical appendix out: settings -> open -> run -> render -> publish."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dataset import settings
from dataset.errors import DataError, counted, existing
from dataset.settings import Settings

if TYPE_CHECKING:  # what a build needs is imported when there is one: --help and a refusal come at once
    from dataset.tables import Dataset, Note
    from report import publish, unchanged
    from report.quarto_program import Program

Layout = Literal["auto", "retailrocket", "thelook", "online_retail", "adventureworks", "generic", "canonical"]
AT_ONCE = 2  # analyses side by side: most keep one core busy, and each may look at all customers
FORMATS = ("html", "pdf", "pptx", "quarto")
SHOP = {"organisation": "The built-in shop", "currency": "EUR"}
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def build(
    data: Annotated[str, typer.Argument(help="A file, a folder or a database URL; nothing: the built-in shop.")] = "",
    layout: Annotated[Layout, typer.Option(help="How the data is laid out.")] = "auto",
    mapping: Annotated[Path | None, typer.Option(help="Which column is what, for the generic layout.")] = None,
    config: Annotated[Path | None, typer.Option(help="Title, currency, zone, colours: a report.toml.")] = None,
    out: Annotated[Path, typer.Option(help="The site: releases, and `current` for the last one.")] = Path("site"),
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Look at customers on this day.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this analysis; may be repeated.")] = None,
    formats: Annotated[
        str, typer.Option("--format", help="html, pdf, pptx, quarto; several with a comma between.")
    ] = "html,pdf",
    render: Annotated[
        bool | None,
        typer.Option("--render/--no-render", help="Have Quarto render its project; by default where there is one."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Read and account for the data, publish nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Publish nothing when the data has notes.")] = False,
    include_customers: Annotated[bool, typer.Option("--include-customers", help="Name customers on pages.")] = False,
    assign: Annotated[
        Path | None, typer.Option(help="An earlier release: put customers into its clusters instead of new ones.")
    ] = None,
    compared: Annotated[
        Path | None,
        typer.Option("--previous", help="The earlier release to compare with; nothing: the last one before, in OUT."),
    ] = None,
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache",
            help="Compute all anew and keep nothing. Else results (customers' too, readable by you alone), charts and "
            "printed pages are kept in ~/.cache/customer-deck for a month, and what has not changed is not made again.",
        ),
    ] = False,
    engine: Annotated[
        str, typer.Option(help="Where the SQL runs: duckdb, spark, spark://host:7077, postgresql://host/database.")
    ] = "",
    show: Annotated[bool, typer.Option("--open", help="Open the report when it is published.")] = False,
) -> None:
    """Build and publish the customer report. Exit: 0 published, 2 the data's fault, 75 another build runs, 1 ours."""
    from report import publish, unchanged

    try:
        told = {} if data else {key: value for key, value in SHOP.items() if config is None}
        options = settings.load(
            config,
            as_of=as_of and as_of.date(),
            include_customers=include_customers or None,
            assign=assign,
            previous=compared and Path(os.path.realpath(compared)),
            engine=engine or None,
            **told,
        )
        if check:
            refuse(options)
            account(data, layout, mapping, options, strict)
            return
        wanted, kinds = chosen(only or []), asked(formats)
        quarto = renderer(kinds, render)
        choices = {"wanted": wanted, "formats": sorted(kinds), "strict": strict}
        basis = None if no_cache else unchanged.basis(data, layout, mapping, options, quarto, **choices)
        release = standing(basis, out)
        if release is None:
            refuse(options)
            release = make(data, layout, mapping, options, out, wanted, kinds, strict, quarto, basis)
    except publish.Busy as busy:
        typer.echo(str(busy), err=True)
        raise typer.Exit(75) from None
    except DataError as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(2) from None
    except MemoryError:
        typer.echo(
            "E_MEMORY the data need more memory than a build here may take. "
            "Close programs, use a larger machine, or leave analyses out with --only",
            err=True,
        )
        raise typer.Exit(2) from None
    if show:
        typer.launch(str(release / "index.html"))


def refuse(options: Settings) -> None:
    """Refuse what the settings name and cannot be used: now rather than after the reading."""
    from analysis import cluster_model, playbook, previous

    if options.previous is not None:
        previous.checked(options.previous)
    if options.assign is not None:
        cluster_model.read(options.assign)
    playbook.read(options.playbook)


def standing(basis: unchanged.Basis | None, out: Path) -> Path | None:
    """The current release, and a line that says so, when this build would make it again."""
    found = None if basis is None else basis.standing(out)
    if found is None:
        return None
    release, since = found
    current = f"{out / 'current'} ({release.name})"
    typer.echo(f"Nothing changed since {since:%Y-%m-%d %H:%M}: {current} is up to date", err=True)
    return release


def account(data: str, layout: str, mapping: Path | None, options: Settings, strict: bool) -> None:
    """Read the data and say where every row went."""
    with tempfile.TemporaryDirectory(prefix="customer-deck-") as folder:
        dataset, _ = read(data, layout, mapping, options, Path(folder))
        for file in dataset.accounts:
            fates = f"{file.used:,} used, {file.rejected:,} rejected, {file.excluded:,} excluded"
            typer.echo(f"{file.file}: {counted(file.rows, 'row')}, {fates}")
            for reason in file.reasons:
                typer.echo(f"  {reason.rows:,} {reason.fate}: {reason.why}")
        for key, value in dataset.values.items():
            typer.echo(f"{key}: {value}")
        for note in dataset.notes:
            typer.echo(f"{note.code} {note.text}")
        refuse_notes(dataset.notes, strict)


def make(
    data: str,
    layout: str,
    mapping: Path | None,
    options: Settings,
    out: Path,
    wanted: tuple[str, ...],
    formats: set[str],
    strict: bool,
    quarto: Program | None = None,
    basis: unchanged.Basis | None = None,
) -> Path:
    """Build one release and publish it; the folder it lies in. quarto: renders the project of that format.

    basis: what it is made of, by which results are kept; None: all is computed anew and nothing is kept.
    """
    from analysis.kept import Kept
    from dataset import database
    from report import cache, fonts, paper, publish
    from report.steps import Steps

    inputs = [Path(data)] if data and not database.is_url(data) else []
    with ExitStack() as stack:
        steps = stack.enter_context(Steps(total=len(wanted) + 4))
        site = stack.enter_context(publish.site(out, inputs))
        kept = None if basis is None else cache.folder()
        results = stack.enter_context(Kept(kept and kept / cache.RESULTS, basis.inputs if basis else None, steps.say))
        work = stack.enter_context(site.room())
        kept = kept or work
        tempfile.tempdir = str(work)  # whatever a killed build leaves goes with its room
        with steps.step("start the browser"):
            faces = fonts.prepare(kept)
            charts = stack.enter_context(paper.Paper(kept, faces))
            charts.start()

        from analysis import run as running  # while the browser gets ready
        from report import release
        from report.ahead import Ahead

        reading = partial(read, data, layout, mapping, options, work)
        dataset, options = results.read(reading, options, steps.step)
        dataset, options = compare(dataset, options, site)
        refuse_notes(dataset.notes, strict)
        here = dataset.runs_on == "DuckDB"  # elsewhere the engine is busy, and room here is scarce
        ahead = stack.enter_context(Ahead(charts, options, site.staged / release.EXPORTS if here else None))
        run = running.run(wanted, dataset, options, steps.step, ahead.made, AT_ONCE if here else 1, results)
        dataset = replace(dataset, notes=tuple(sorted({*dataset.notes, *run.notes}, key=lambda n: (n.code, n.text))))
        refuse_notes(dataset.notes, strict)
        dataset.engine.close()
        with steps.step("draw and print"):
            release.compose(site.staged, run, dataset, options, ahead, faces, kept, formats, quarto)
        with steps.step("publish"):
            published = site.publish(options.snapshot, options.include_customers)
            if basis is not None and not charts.trouble:
                basis.note(site.out, published, options.snapshot)
        results.finish()
        cache.prune(kept)
        if charts.trouble:
            steps.say(f"Charts could not be drawn, their tables stand in their place: {charts.trouble}")
        if results.used:
            steps.say(f"{counted(len(results.used), 'result')} of an earlier build were used again")
        noted = f"; {counted(len(dataset.notes), 'note')} on the data" if dataset.notes else ""
        steps.say(f"Published {out / 'current'} ({published.name}) in {steps.seconds:.1f} s{noted}")
    return published


def read(data: str, layout: str, mapping: Path | None, options: Settings, folder: Path) -> tuple[Dataset, Settings]:
    """Open DATA, or the built-in shop made afresh."""
    from dataset import opening, sample

    if data:
        return opening.open_data(data, layout, mapping, options, folder)
    sample.write(folder / "shop", seed=options.seed)
    return opening.open_data(str(folder / "shop"), "thelook", None, options, folder)


def compare(dataset: Dataset, options: Settings, site: publish.Site) -> tuple[Dataset, Settings]:
    """Settle which earlier release this one is compared with; a damaged one nobody asked for is left, with a note."""
    from analysis import previous
    from dataset.tables import Note
    from report import publish

    if options.previous is not None:
        previous.before(options.previous, options.snapshot)
        return dataset, options
    last = publish.last_before(site.out, options.snapshot)
    if last is None:
        return dataset, options
    try:
        previous.checked(last)
    except DataError as wrong:
        note = Note("W_PREVIOUS", 1, f"the last release is not compared with: {wrong.args[0]}")
        return replace(dataset, notes=(*dataset.notes, note)), options
    return dataset, replace(options, previous=last)


def chosen(only: list[str]) -> tuple[str, ...]:
    """The analyses of this report: all of the outline, or those asked for."""
    from report.outline import analyses

    if unknown := [name for name in only if name not in analyses()]:
        raise DataError(
            "E_CONFIG", f"--only {unknown[0]}: there is no such analysis", hint=existing(unknown[0], analyses())
        )
    return tuple(only) or analyses()


def asked(formats: str) -> set[str]:
    """What --format names."""
    found = {word.strip() for word in formats.split(",")}
    if not found or not found <= set(FORMATS):
        raise DataError(
            "E_CONFIG", f"--format {formats}: must be {', '.join(FORMATS)}, or several with a comma between"
        )
    return found


def renderer(formats: set[str], wanted: bool | None) -> Program | None:
    """The Quarto that renders the project: refused when asked for and not there, else said in a line."""
    from report.quarto_program import find

    if wanted and "quarto" not in formats:
        raise DataError("E_CONFIG", "--render renders the Quarto project, which --format does not name")
    if "quarto" not in formats or wanted is False:
        return None
    try:
        return find()
    except DataError as none:
        if wanted:
            raise
        typer.echo(f"The Quarto project will be written, not rendered: {none}", err=True)
        return None


def refuse_notes(notes: tuple[Note, ...], strict: bool) -> None:
    """With --strict, a note on the data fails the build."""
    if strict and notes:
        listed = "; ".join(f"{note.code} {note.text}" for note in notes)
        raise DataError("E_STRICT", f"--strict and {counted(len(notes), 'note')} on the data: {listed}")


if __name__ == "__main__":
    try:
        app()
    except SystemExit as ended:  # all is closed: taking everything apart would take half a second more
        with suppress(BrokenPipeError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(int(ended.code or 0))
