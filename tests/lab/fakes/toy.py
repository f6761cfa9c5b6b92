"""The smallest platform that a fake can play: one neighbour a line, a candidate, a commit timer, a dialogue."""

from __future__ import annotations

from lab.fakes.box import Answer, Fake, Login, Question
from lab.fakes.model import Peer, Speaker, Understood


class ToyFake(Fake[dict[str, str]]):
    def read(self, text: str) -> dict[str, str]:
        return dict(line.split() for line in text.splitlines())

    def shown(self, configuration: dict[str, str]) -> str:
        return "".join(f"{key} {value}\n" for key, value in configuration.items())

    def understood(self, configuration: dict[str, str]) -> Understood:
        peers = {address: Peer(as_number=int(number)) for address, number in configuration.items()}
        return Understood(as_number=65009, peers=peers)

    def login(self) -> Login:
        return ToyLogin(self)


class ToyLogin(Login):
    more = "--More--"
    page = 3
    greeting = "Toy OS\n"

    def __init__(self, fake: ToyFake) -> None:
        self.fake = fake
        self.candidate: dict[str, str] | None = None

    @property
    def prompt(self) -> str:
        return f"{self.fake.host}{'' if self.candidate is None else '(config)'}# "

    def enter(self, line: str) -> Answer:  # noqa: C901, PLR0911 - a command each
        match line.split():
            case []:
                return Answer()
            case ["show"]:
                return Answer(self.fake.shown(self.fake.running))
            case ["peers"]:
                return Answer("".join(f"{who} {one.state}\n" for who, one in self.fake.speaker.sessions().items()))
            case ["page", number]:
                self.page = int(number)
                return Answer()
            case ["configure"]:
                self.candidate = self.fake.candidate()
                return Answer()
            case ["set", address, number] if self.candidate is not None:
                self.candidate[address] = number
                return Answer()
            case ["commit", *seconds] if self.candidate is not None:
                self.fake.commit(self.candidate, float(seconds[0]) if seconds else None, "toy")
                self.candidate = None
                return Answer()
            case ["confirm"]:
                return Answer(failed=not self.fake.confirm())
            case ["save"]:
                return Answer("all will be written\n", ask=Question("Sure? [Y/N]:", self._saved))
            case ["exit"]:
                return Answer(closes=True)
        return Answer(f"% Unknown: {line}\n", failed=True)

    def _saved(self, reply: str) -> Answer:
        if reply.upper() != "Y":
            return Answer("not saved\n", failed=True)
        self.fake.save()
        return Answer("saved\n")


def toy(speaker: Speaker, startup: str = "10.0.0.1 65008\n") -> ToyFake:
    return ToyFake("toy1", speaker, startup)
