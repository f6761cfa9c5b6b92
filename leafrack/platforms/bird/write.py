"""BIRD's words for what is ours: a file a list, a neighbour and a range; ``stage.sh`` takes them.

The text of a job is all files, each after a comment with its name: what bird.conf includes as ``leafrack/*.conf``.
Their names are in the order in which BIRD has to read them, and carry the list, and so the fabric, that they are of.
"""

from __future__ import annotations

from collections.abc import Iterator

from leafrack.addresses import Network, Who
from leafrack.platforms.bird import settings
from leafrack.platforms.differences import wanted
from leafrack.platforms.job import Job, Listener, Neighbour, PathList, PrefixList
from leafrack.platforms.plan import Plan
from leafrack.platforms.played import Typed
from leafrack.platforms.state import AnyAs

_LONGEST_NAME = 64
"""Characters of a symbol (SYM_MAX_LEN in conf/conf.h)."""
_CALLS = ("connect delay time 1;", "connect retry time 5;")
_AFTER_AN_ERROR = "error wait time 5, 60;"
"""By itself BIRD waits two minutes between tries, and up to five after an error: a node comes back within seconds."""


def text(job: Job | Plan) -> str:
    """Configuration of everything that a job declares."""
    lists = (f"# leafrack/list-{one.name}.conf\n{render_list(one)}" for one in job.lists)
    neighbours = (render(job.as_number, each, each.as_number) for each in job.neighbours)
    ranges = (render(job.as_number, each, each.as_number) for each in job.listeners)
    return "".join((*lists, render_paths(job.paths), *neighbours, *ranges))


def by_hand(plan: Plan) -> str:
    """Files that come, and those that go as comments: BIRD has no word that takes something away.

    A list's file is put there whole.
    """
    gone = (
        *(f"{_of(address)}-{plan.found.neighbours[address].list_in}" for address in plan.gone),
        *(f"{_of(has.prefix)}-{has.list_in}" for has in plan.old_listeners),
        *(f"list-{name}" for name in (*plan.old_lists, *plan.old_paths)),
    )
    return text(plan) + "".join(f"# remove leafrack/{file}.conf\n" for file in gone)


def lines(plan: Plan) -> tuple[Typed, ...]:
    """What ``stage.sh`` is given for a plan: what becomes of files that stand, then files to put."""
    return (*(Typed(line) for line in _changes(plan)), *_files(plan), Typed("#end"))


def _changes(plan: Plan) -> Iterator[str]:
    yield from (f"#as {_of(address)} {settings.as_words(number)}" for address, number in plan.as_numbers)
    yield from (f"#as {_of(each.prefix)} {settings.as_words(number)}" for each, number in plan.listener_as_numbers)
    yield from (f"#gone {_of(who)}" for who in (*plan.gone, *(has.prefix for has in plan.old_listeners)))
    yield from (f"#drop list-{name}.conf" for name in (*plan.old_lists, *plan.old_paths))
    for each in _written(plan):
        has = plan.found.has(each.who)
        if has is not None and has.shutdown is not None:
            yield f"#enable {_name(each)}"


def _written(plan: Plan) -> tuple[Neighbour | Listener, ...]:
    return (*plan.neighbours, *plan.listeners)


def _of(who: Who) -> str:
    """What the file of a neighbour or of a range begins with; neither it nor the name of a protocol takes a slash."""
    return f"range-{_plain(who)}" if isinstance(who, Network) else f"neighbour-{who}"


def _plain(who: Who) -> str:
    return str(who).replace("/", "-")


def _files(plan: Plan) -> Iterator[Typed]:
    for one in plan.lists:
        yield Typed(f"# leafrack/list-{one.name}.conf\n{render_list(one)[:-1]}")
    if plan.paths is not None:
        yield Typed(render_paths(plan.paths)[:-1])
    for each in _written(plan):
        has = plan.found.has(each.who)
        kept = has.set_as if has is not None and each.who in plan.kept_as else each.as_number
        yield Typed(render(plan.as_number, each, kept)[:-1], (each.password,) if each.password else ())


def render_list(prefixes: PrefixList) -> str:
    """A set of prefixes that goes by the list's name."""
    entries = ",\n".join(f"    {prefix}{_inside(prefix)}" for prefix in prefixes.prefixes)
    return f"define '{prefixes.name}' = [\n{entries}\n];\n"


def render_paths(paths: PathList | None) -> str:
    """File of a set of AS numbers that goes by the path list's name."""
    if paths is None:
        return ""
    entries = ",\n".join(f"    {number}" for number in paths.as_numbers)
    return f"# leafrack/list-{paths.name}.conf\ndefine '{paths.name}' = [\n{entries}\n];\n"


def _name(each: Neighbour | Listener) -> str:
    # Cut where it is too long: no two protocols of a switch have one address.
    return f"{_plain(each.who)}-{each.list_in}"[:_LONGEST_NAME]


def render(leaf_as: int, each: Neighbour | Listener, number: int | AnyAs | None) -> str:
    """File of a neighbour or of a range with an AS."""
    return "\n".join(
        (
            f"# leafrack/{_of(each.who)}-{each.list_in}.conf",
            f"protocol bgp '{_name(each)}' {{",
            *(f"    {line}" for line in _protocol(leaf_as, each, number)),
            f"    ipv{each.who.version} {{",
            *(f"        {line}" for line in _channel(leaf_as, each)),
            "    };",
            "}",
            "",
        )
    )


def _protocol(leaf_as: int, each: Neighbour | Listener, number: int | AnyAs | None) -> Iterator[str]:
    said = wanted(each)
    yield settings.description(said)
    yield f"local as {leaf_as};"
    if isinstance(each, Listener):
        # Who comes has a protocol of its own from then on, which would call a node that has left for ever.
        yield from (f"neighbor range {each.prefix} {settings.as_words(number)};", settings.PASSIVE)
    else:
        yield from (f"neighbor {each.address} {settings.as_words(number)};", *_CALLS)
    yield _AFTER_AN_ERROR
    if each.password:
        yield f'password "{each.password}";'
    if said.timers:
        yield from (f"{line};" for line in settings.timers(said.timers))
    if said.ttl_security:
        yield settings.TTL_SECURITY
    yield f"graceful restart {'on' if said.graceful_restart else 'off'};"


def _channel(leaf_as: int, neighbour: Neighbour | Listener) -> Iterator[str]:
    if neighbour.maximum_prefix is not None:
        yield f"import limit {neighbour.maximum_prefix} action restart;"
    # BIRD compares a path with a set by what is left of it.
    paths = f" && delete(bgp_path, '{neighbour.paths_in}').len = 0" if neighbour.paths_in else ""
    yield f"import filter {{ if net ~ '{neighbour.list_in}'{paths} then accept; reject; }};"
    replaced = tuple(_replaced(leaf_as, neighbour))
    if not replaced:
        yield f"export filter {{ if net ~ '{neighbour.list_out}' then accept; reject; }};"
        return
    # BIRD has no word for it. A path keeps its length, as on switches that have one.
    yield from ("export filter", "bgppath turned;", "bgppath right;", "{")
    yield from (
        f"    {line}"
        for line in (
            f"if !(net ~ '{neighbour.list_out}') then reject;",
            "turned = +empty+;",
            "right = +empty+;",
            "for int one in bgp_path do turned = prepend(turned, one);",
            "for int one in turned do {",
            *(f"    {line}" for line in replaced),
            "    right = prepend(right, one);",
            "}",
            "bgp_path = right;",
            "accept;",
        )
    )
    yield "};"


def _replaced(leaf_as: int, neighbour: Neighbour | Listener) -> Iterator[str]:
    if neighbour.remove_private_as:
        yield f"if one ~ {settings.PRIVATE} then one = {leaf_as};"
    if neighbour.as_override:
        # Every AS in which the rack is seen while it changes: BIRD's filters do not know the neighbour's.
        numbers = sorted({*neighbour.as_numbers, *filter(None, (neighbour.as_number,))})
        yield f"if one ~ [{', '.join(map(str, numbers))}] then one = {leaf_as};"


def _inside(prefix: Network) -> str:
    return "" if prefix.prefixlen in (0, prefix.max_prefixlen) else "+"
