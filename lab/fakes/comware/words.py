"""Lines of a Comware neighbour: what may follow ``peer WHO``, and what takes it away after ``undo peer WHO``.

Of the command references of HPE and H3C for Comware 7, Layer 3 - IP Routing (5710 5200-4991; MSR V7 R0106 and
2000/3000/4000; 6125XLG R2306).
"""

from __future__ import annotations

from dataclasses import dataclass

AS = r"(?:\d{1,10}|\d{1,5}\.\d{1,5})"
_LIMIT = r"(?: (?:alert-only|discard|reconnect [1-9]\d{0,4}))?"
_PERCENT = r"(?: (?:100|[1-9]\d?))?"


def shown(who: str) -> str:
    """An address as it is shown: IPv6 in capitals (DISA STIG: ``2115:B:1::C1``)."""
    return who.upper() if ":" in who else who


@dataclass(frozen=True)
class Words:
    """A line of a neighbour: patterns of what follows ``peer WHO`` and ``undo peer WHO``."""

    key: str
    says: str
    undo: str


VIEW = (
    Words("description", r"description \S.{0,78}", "description"),
    Words("password", r"password (?:simple \S{1,80}|cipher \S{33,137})", "password"),
    Words("timer", r"timer keepalive \d{1,5} hold \d{1,5}", "timer"),
    Words("ttl-security", r"ttl-security hops (?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])", "ttl-security hops"),
    Words("substitute-as", "substitute-as", "substitute-as"),
    Words("ignore", "ignore", "ignore"),
    Words("ebgp-max-hop", r"ebgp-max-hop(?: \d{1,3})?", "ebgp-max-hop"),
    Words("route-update-interval", r"route-update-interval \d{1,3}", "route-update-interval"),
    Words("group", r"group \S+", r"group \S+"),
)
"""In BGP view, besides ``as-number``."""
FAMILY = (
    Words("enable", "enable", "enable"),
    Words("prefix-list import", r"prefix-list \S{1,63} import", r"prefix-list(?: \S+)? import"),
    Words("prefix-list export", r"prefix-list \S{1,63} export", r"prefix-list(?: \S+)? export"),
    Words("as-path-acl import", r"as-path-acl \d{1,3} import", r"as-path-acl(?: \d+)? import"),
    Words("as-path-acl export", r"as-path-acl \d{1,3} export", r"as-path-acl(?: \d+)? export"),
    Words("route-policy import", r"route-policy \S{1,63} import", r"route-policy \S+ import"),
    Words("route-policy export", r"route-policy \S{1,63} export", r"route-policy \S+ export"),
    Words("route-limit", rf"route-limit [1-9]\d*(?:{_LIMIT}{_PERCENT}|{_PERCENT}{_LIMIT})", "route-limit"),
    Words("public-as-only", "public-as-only", "public-as-only"),
    Words("advertise-community", "advertise-community", "advertise-community"),
)
"""In the view of an address family."""
OF_FAMILY = {"import-route": r"import-route direct", "balance as-path-neglect": "balance as-path-neglect",
             "balance": r"balance (?:(?:ebgp|eibgp|ibgp) )?\d+"}  # fmt: skip
OF_BGP = {"router-id": r"router-id \d+\.\d+\.\d+\.\d+", "graceful-restart": "graceful-restart"}
