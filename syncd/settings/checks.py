"""What is wrong with a configuration though each value of it has its type.

All of it looks at the file as it is written, so that no mistake hides another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.settings.allowed import bound_mistake
from syncd.settings.fields import custom_in, field_mistakes, names_one
from syncd.settings.filters import Filter, FilterError
from syncd.settings.groups import GROUP_TABLES, group_mistakes
from syncd.settings.keys import FILTERS, opening_mistake
from syncd.settings.kinds import kinds_by_plural
from syncd.settings.layers import contradictions, leaves, merged
from syncd.settings.lines import Path
from syncd.settings.mistakes import did_you_mean
from syncd.settings.server_checks import server_mistakes

Found = Iterator[tuple[Path, str, str | None]]
Written = Mapping[str, object]


def mistakes_beyond_types(written: Written) -> Found:
    """Every such mistake: the path of the key, what is wrong, what would be right."""
    yield from _servers(written)
    yield from _contradictions(written)
    yield from field_mistakes(written)
    custom, wrong = custom_in(written)
    kinds = kinds_by_plural(custom)
    for path, layer in _layers(written):
        yield from _openings(path, layer)
        for plural, kind in kinds.items():
            section = _table(layer, plural)
            for table in GROUP_TABLES:
                said = {n: v for n, v in _table(section, table).items() if n not in wrong}
                named = group_mistakes(kind.kind, table, said)
                for name, what, suggestion in named:
                    yield (*path, plural, table, name), what, suggestion
            yield from _filters((*path, plural), kind, section, wrong)


def _table(written: object, *path: str) -> Written:
    """The table at `path`; empty where the file is not shaped so."""
    for part in path:
        written = written.get(part) if isinstance(written, Mapping) else None
    return written if isinstance(written, Mapping) else {}


def _layers(written: Written) -> Iterator[tuple[Path, Written]]:
    yield ("organisation",), _table(written, "organisation")
    for name in _table(written, "policies"):
        yield ("policies", name), _table(written, "policies", name)


def _servers(written: Written) -> Found:
    servers = list(_table(written, "servers"))
    policies = _table(written, "policies")
    for name in servers:
        section = _table(written, "servers", name)
        yield from server_mistakes(name, section, _table(written, "store"))
    for path, layer in _layers(written):
        said = layer.get("server")
        names = said if isinstance(said, list) else [said]
        for server in dict.fromkeys(each for each in names if isinstance(each, str)):
            if server not in servers:
                suggestion = did_you_mean(server, servers) or f"write a section [servers.{server}]"
                yield (*path, "server"), f"there is no server {server!r}", suggestion
            if names.count(server) > 1:
                yield (*path, "server"), f"names {server!r} more than once", "name each once"
    for name, policy in policies.items():
        above = "server" in _table(written, "organisation")
        if isinstance(policy, Mapping) and "server" not in policy and not above:
            suggestion = f"known: {', '.join(servers)}" if servers else "write [servers.NAME]"
            yield ("policies", name, "server"), "is missing", suggestion


def _contradictions(written: Written) -> Found:
    organisation = _table(written, "organisation")
    for name in _table(written, "policies"):
        policy = _table(written, "policies", name)
        for path, what, suggestion in contradictions(merged(organisation, policy)):
            below = path[-1] not in _table(policy, *path[:-1])
            both = ("organisation", *path) if below else ("policies", name, *path)
            yield both, what, suggestion


def _openings(path: Path, layer: Written) -> Found:
    user_may = layer.get("user_may")
    for pattern in user_may if isinstance(user_may, list) else ():
        mistake = opening_mistake(pattern) if isinstance(pattern, str) else None
        if mistake:
            yield (*path, "user_may"), *mistake
    for parts, allowed in leaves(_table(layer, "bounds")):
        key = ".".join(parts)
        mistake = opening_mistake(key) or bound_mistake(key, allowed)
        if mistake:
            yield (*path, "bounds", key), *mistake


def _filters(path: Path, kind: StoredKind[Kind], section: Written, wrong: frozenset[str]) -> Found:
    texts: list[tuple[Path, object]] = [(("filter",), section.get("filter"))]
    for table in FILTERS:
        for name, each in _table(section, table).items():
            texts.append(((table, name, "where"), _table(each).get("where")))
    for keys, text in texts:
        if not isinstance(text, str) or names_one(text, wrong):
            continue  # such a field is told of already
        try:
            Filter.parse(text, kind)
        except FilterError as error:
            yield (*path, *keys), f"{error}", error.suggestion
