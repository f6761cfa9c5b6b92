"""An API server that is restarted, overloaded or out of reach for a moment is asked again, within a bound."""

from __future__ import annotations

import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from urllib.request import getproxies, proxy_bypass

import httpx2
from lightkube.config.client_adapter import verify_cluster
from lightkube.config.kubeconfig import SingleConfig
from lightkube.config.models import User

from leafrack.errors import shown

PATIENCE = 30.0
"""Seconds from the first request without a good answer, after which no other is sent: a restart takes less."""
PASSING = frozenset({429, 500, 502, 503, 504})
"""Answers that another try may cure: of the API server under load, starting or without its etcd, and of a proxy."""
UNREADY = frozenset({403, 404})
"""Answers that a server gives too which has just started: it has not read the roles or the CRDs yet."""
_OF_THE_CLOCK = frozenset({9, 10})
"""What OpenSSL calls a certificate that is not valid yet, or no more: X509_V_ERR_CERT_NOT_YET_VALID, _HAS_EXPIRED."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
_OF_THE_BODY = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that say how a body was sent."""
LARGEST_ANSWER = 512 * 2**20
"""Bytes of an answer, unpacked: the nodes of the largest cluster that Kubernetes supports (5,000), of 100 KiB each."""

GIVEN_UP = 1.0
"""Seconds for a request after that: enough to take back what a server that is there again was given."""


class AwayError(httpx2.HTTPError):
    """The last answer of a server that kept to one of :data:`PASSING`."""


class StrangerError(httpx2.HTTPError):
    """An answer that no API server gives: of a proxy before it, or of another server."""


class Patient(httpx2.BaseTransport):
    """A transport that repeats a request until it is answered, for ``patience`` seconds.

    Requests of one transport share that time: when it is over, the next one is tried once. What may have been done
    already is repeated only where that does no harm. The ``/readyz`` of ``server`` is asked about an answer
    of :data:`UNREADY`. ``tell`` hears once what is waited for, and once that it is over.
    """

    def __init__(self, inner: httpx2.BaseTransport, server: str, patience: float, tell: Callable[[str], None]) -> None:
        self._inner = inner
        self._server = server
        self._patience = patience
        self._tell = tell
        self._since: float | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer, or the last error: of the network, :class:`AwayError`, :class:`StrangerError`."""
        begun, pause = time.monotonic(), FIRST_PAUSE
        if self._since is not None and self._left() <= 0:
            request.extensions["timeout"] = httpx2.Timeout(GIVEN_UP).as_dict()
        while True:
            asked: float | None = None
            response: httpx2.Response | None = None
            try:
                # With its body: a connection that ends in the middle of an answer is one more reason to ask again.
                response = _whole(self._inner.handle_request(request))
                if response.status_code not in PASSING and not self._is_starting(request, response):
                    self._answered()
                    return _understood(response)
            except httpx2.TransportError as error:
                error.request = request
                if _is_final(error, request):
                    raise
                failure: httpx2.HTTPError = error
            else:
                what = f"answers {response.status_code} {response.reason_phrase}".strip()
                failure = AwayError(f"the API server {what if response.status_code in PASSING else 'is not ready'}")
                asked = _retry_after(response)
            first, self._since = self._since is None, begun if self._since is None else self._since
            if (left := self._left()) <= 0:
                if response is not None and response.status_code not in PASSING:
                    return _understood(response)
                raise failure
            if first:
                self._tell(f"{what_failed(failure)}: trying again for up to {self._patience:.0f} s")
            time.sleep(min(left, pause if asked is None else asked))
            pause = min(LONGEST_PAUSE, pause * 2)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    @property
    def away(self) -> float:
        """Seconds since the first of the requests that are without an answer; 0 when the last one has one."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def _is_starting(self, request: httpx2.Request, response: httpx2.Response) -> bool:
        """Whether a server says what it would not say once it is ready; everybody who is logged in may ask for that."""
        back = self._since is not None and request.method == "GET"
        if response.status_code not in UNREADY and not back:
            return False
        headers = {name: value for name, value in request.headers.items() if name.lower() == "authorization"}
        ready = httpx2.Request("GET", f"{self._server}/readyz", headers=headers, extensions=request.extensions)
        answer = _whole(self._inner.handle_request(ready))
        return answer.status_code in PASSING or (answer.status_code == httpx2.codes.FORBIDDEN and _is_status(answer))

    def _left(self) -> float:
        return self._patience - self.away

    def _answered(self) -> None:
        if self._since is not None:
            self._tell(f"the API server answers again, after {self.away:.0f} s")
            self._since = None


def patient(config: SingleConfig, patience: float, who: str) -> Patient:
    """Transport to the API server of a kubeconfig's context, by way of the environment's proxy where there is one."""
    url = httpx2.URL(config.cluster.server)
    proxy = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
    verify = verify_cluster(config.cluster, config.user or User(), config.abs_file)

    def tell(line: str) -> None:
        print(shown(f"{who}: {line}"), file=sys.stderr, flush=True)

    return Patient(httpx2.HTTPTransport(verify=verify, proxy=proxy), config.cluster.server.rstrip("/"), patience, tell)


def what_failed(error: httpx2.HTTPError) -> str:
    """A line for an error on the way to the API server."""
    if isinstance(error, AwayError):
        return str(error)
    if isinstance(error, httpx2.HTTPStatusError):
        return _stranger(f"{error.response.status_code} {error.response.reason_phrase}")
    if isinstance(error, StrangerError):
        return _stranger(str(error))
    if isinstance(error, httpx2.TimeoutException):
        return "the API server does not answer within its time"
    system = next((cause for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror), None)
    why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    if isinstance(system, ssl.SSLCertVerificationError) and system.verify_code in _OF_THE_CLOCK:
        why = f"its {system.verify_message}: see whether the clock of this machine is right"
    elif system is not None and not isinstance(system, ssl.SSLError):
        why = str(system.strerror).lower()
    return f"cannot reach the API server at {_where(error)}: {why}"


def _stranger(answer: str) -> str:
    return f"what answers in the API server's place is no Kubernetes ({answer}): see the server of the kubeconfig"


def _where(error: httpx2.HTTPError) -> str:
    try:
        url = error.request.url
    except RuntimeError:
        return "its address"
    return f"{url.scheme}://{url.netloc.decode()}" if url.host else str(url)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _whole(response: httpx2.Response) -> httpx2.Response:
    """The answer with its body, unpacked; raises StrangerError for one larger than :data:`LARGEST_ANSWER`."""
    body = bytearray()
    with closing(response):
        for part in response.iter_bytes():
            body += part
            if len(body) > LARGEST_ANSWER:
                raise StrangerError(f"it answers more than {LARGEST_ANSWER // 2**20} MiB")
    kept = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_BODY]
    return httpx2.Response(response.status_code, headers=kept, content=bytes(body), extensions=response.extensions)


def _understood(response: httpx2.Response) -> httpx2.Response:
    """The answer, if it can be one of Kubernetes, and an error in a form that lightkube does not stumble over."""
    json = response.headers.get("Content-Type", "").startswith("application/json")
    if response.is_success and not (json and response.content.lstrip().startswith(b"{")):
        raise StrangerError(f"{response.status_code} {response.reason_phrase}, and no JSON")
    if not response.is_success and not _is_status(response):
        response.headers["Content-Type"] = "text/plain"
    return response


def _is_status(response: httpx2.Response) -> bool:
    with suppress(ValueError):
        said = response.json()
        return isinstance(said, dict) and said.get("kind") == "Status"
    return False


def _is_final(error: httpx2.TransportError, request: httpx2.Request) -> bool:
    """Whether no other try would find it otherwise, or might do twice what must be done once.

    A certificate is somebody else's, a name does not exist; a POST was sent, and what became of it is not known.
    """
    if request.method == "POST" and not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return True
    return any(
        isinstance(cause, ssl.SSLCertVerificationError | httpx2.UnsupportedProtocol)
        or (isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN)
        for cause in _causes(error)
    )


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds that the server asks for; it may as well name a date, by a clock that need not be ours."""
    given = response.headers.get("Retry-After", "")
    return float(given) if given.isdecimal() else None
