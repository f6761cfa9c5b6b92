"""Texts that would do harm in a shell, a selector, a switch's prompt, YAML, a terminal or a forge."""

from __future__ import annotations

from hypothesis import strategies as st

MARK = "pwned"
"""Made or said by every text that gets through."""

NASTY = (
    "'", '"', "`", "\\", "#", "!", "?", "|", "&", ";", "<", ">", "(", ")", "{", "}", "[", "]", "$", "*", "~", "%", "@",
    "^", "=", ",", ":", "/", "-", "--", " ", "\t", "\n", "\r", "\r\n", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u202e",
    "\ufeff", "é", "²", "٣",
)  # fmt: skip
WHOLE = (
    f"$(touch {MARK})",
    f"`touch {MARK}`",
    f"; touch {MARK} #",
    f"' ; touch {MARK} ; '",
    f"'$(touch {MARK})'",
    f'"; touch {MARK}; "',
    f"x\ntouch {MARK}",
    f"x\n router bgp 1\n neighbor 6.6.6.6 description {MARK}",
    f"x\rno router bgp 65009 {MARK}",
    f"x' -c 'no router bgp 65009 {MARK}",
    f"END-OF-CONFIGURATION\ntouch {MARK}\n",
    f"@END@ @GIVEN@ {MARK}",
    f"x' || all() || rr-id == '{MARK}",
    f"x') || has({MARK}",
    f"-oProxyCommand=touch {MARK}",
    f"--kubeconfig={MARK}",
    f"../../{MARK}",
    f"~{MARK}/key",
    "/dev/zero",
    f"/dev/fd/../{MARK}",
    f'!!python/object/apply:os.system ["touch {MARK}"]',
    f"&a {MARK}",
    f"*{MARK}",
    f"<<: {MARK}",
    f"{{x: {MARK}}}",
    f"x # {MARK}",
    f"---\nname: {MARK}",
    f"{{{{ {MARK} }}}} ${{{MARK}}} %s%n %({MARK})s",
    f"[/bold red] [link=http://x]{MARK}",
    f"\x1b]0;{MARK}\x07\x1b[2J",
    f"<img src=x onerror={MARK}>",
    f"![{MARK}](http://x/{MARK}.png) @{MARK} #1 www.{MARK}.example",
    f"```\n# {MARK}\n```",
    f"::add-mask::{MARK}",
    f"<{{%{MARK}%}}>",
    MARK * 400,
)

HARMLESS = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,10}[a-z0-9])?", fullmatch=True)
HOSTILE = st.one_of(
    st.sampled_from(WHOLE),
    st.lists(st.sampled_from(NASTY) | st.just(MARK) | HARMLESS, min_size=1, max_size=6).map("".join),
    st.tuples(HARMLESS, st.sampled_from(NASTY)).map("".join),
    st.text(max_size=10),
)


def is_plain(line: str) -> bool:
    """Whether a line is one, and neither a terminal nor Pulumi's engine reads more in it (``<{%fg 1%}>`` is red)."""
    return line.isprintable() and "<{%" not in line
