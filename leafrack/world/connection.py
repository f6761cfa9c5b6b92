"""The connection to a cluster's API server: the kubeconfig, patience, and one line for whatever goes wrong."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import httpx2
from lightkube import ApiError, Client, KubeConfig
from lightkube.config import client_adapter
from lightkube.config.client_adapter import ConnectionParams
from lightkube.config.kubeconfig import SingleConfig
from lightkube.core.exceptions import ConfigError
from yaml import YAMLError

from leafrack.errors import UnreadableError
from leafrack.world.calico import Group, find
from leafrack.world.model import Cluster
from leafrack.world.retry import PATIENCE, StrangerError, patient, what_failed

CLUSTER = "cluster"
"""Who does not answer, in what is said of an API server."""
TIMEOUT = 10.0
"""Seconds for one request to the API server."""


class Connection:
    """The API server of one cluster, with the rights that the context gives.

    A request raises :class:`UnreadableError` with one line when there is no answer within ``patience`` seconds, and
    the ``timeout`` of the last request. ``client`` is for :class:`ClusterReader` and :class:`ClusterWriter`.
    """

    def __init__(self, cluster: Cluster, *, timeout: float = TIMEOUT, patience: float = PATIENCE) -> None:
        self._who = CLUSTER
        self._timeout = httpx2.Timeout(timeout)
        config = self._config(cluster)
        try:
            self._transport = patient(config, patience, self._who)
            self.client = Client(config, timeout=self._timeout, transport=self._transport)
        except (OSError, ValueError) as error:
            # Certificates that the kubeconfig holds as text: lightkube writes them into TMPDIR.
            why = f"cannot use the certificates of the kubeconfig: {_line(error)}"
            raise UnreadableError(self._who, why, refused=True) from None
        # A gate looks every second: its connections end with each look, not with the process.
        weakref.finalize(self, self.client.close)

    def _config(self, cluster: Cluster) -> SingleConfig:
        if cluster.kubeconfig and not os.path.isfile(cluster.kubeconfig):  # noqa: PTH113 - also of what is no path
            raise UnreadableError(self._who, f"there is no kubeconfig {cluster.kubeconfig}")
        try:
            loaded = KubeConfig.from_file(cluster.kubeconfig) if cluster.kubeconfig else KubeConfig.from_env()
            single = loaded.get(cluster.context)
        except (AttributeError, RecursionError, YAMLError) as error:
            what = "not valid YAML" if isinstance(error, YAMLError) else "no mapping"
            why = f"cannot use the kubeconfig {cluster.kubeconfig or '$KUBECONFIG'}: it is {what}"
            raise UnreadableError(self._who, why, refused=True) from None
        except (ConfigError, OSError, KeyError, TypeError, ValueError) as error:
            why = f"cannot use the kubeconfig {cluster.kubeconfig or '$KUBECONFIG'}: {_line(error)}"
            raise UnreadableError(self._who, why, refused=not isinstance(error, OSError)) from None
        if single is None:
            why = f"the kubeconfig {cluster.kubeconfig or ''} has no context {cluster.context or 'that is current'}"
            raise UnreadableError(self._who, why, refused=True)
        if single.user is None:
            raise UnreadableError(self._who, f"the context {single.context_name} names no user", refused=True)
        return single

    @cached_property
    def _http(self) -> httpx2.Client:
        """For what is no resource: lightkube has no call for it."""
        parameters = ConnectionParams(timeout=self._timeout, transport=self._transport)
        return client_adapter.Client(self.client.config, parameters)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn whatever goes wrong between here and the API server into one line."""
        try:
            yield
        except ApiError as error:
            raise UnreadableError(self._who, f"the API server refuses: {_line(error)}", refused=True) from None
        except httpx2.HTTPError as error:
            away = self._transport.away
            tried = f", for {away:.0f} s" if away > 1 else ""
            refused = isinstance(error, httpx2.HTTPStatusError | StrangerError)
            raise UnreadableError(self._who, f"{what_failed(error)}{tried}", refused=refused) from None
        except (ConfigError, OSError) as error:
            # Of a credential plugin, which runs with the first request.
            why = f"cannot log in as the kubeconfig says: {_line(error)}"
            raise UnreadableError(self._who, why, refused=True) from None
        except ValueError as error:
            raise UnreadableError(self._who, f"the API server holds what cannot be: {_line(error)}") from None

    @cached_property
    def group(self) -> Group:
        """The group that the cluster's Calico uses; looked for once.

        Raises :class:`UnreadableError` while a migration to another group is under way.
        """
        return find(self).group or Group.V1

    def document(self, path: str) -> Mapping[str, Any]:
        """A document about the API itself (discovery, OpenAPI); empty where there is none."""
        with self.asking():
            answer = self._http.get(path)
            if answer.status_code == httpx2.codes.NOT_FOUND:
                return {}
            try:
                found = answer.json()
            except ValueError:
                found = None
            if answer.is_error or not isinstance(found, dict):
                why = f"the API server refuses {path}: {answer.status_code} {answer.reason_phrase}"
                raise UnreadableError(self._who, why, refused=True)
            return found


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
