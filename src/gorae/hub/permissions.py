"""From rows to a standing: what is so between an identity and a repository."""

from collections.abc import Iterable

from gorae.hub.access import Identity, Standing, granted
from gorae.hub.config import ProxyConfig
from gorae.hub.db import Facts
from gorae.hub.path import namespace_of
from gorae.hub.tables import accounts, repositories
from gorae.store.db import Tx

ANY = "*"


class Permissions:
    """See the module."""

    def __init__(self, facts: Facts, proxies: tuple[ProxyConfig, ...]) -> None:
        self._facts = facts
        self._proxies = {one.namespace: one for one in proxies}

    def granted(self, who: Identity, name: str, wanted: Iterable[str]) -> frozenset[str]:
        """The actions on a repository that an identity gets of those wanted."""
        asked = tuple(wanted)
        return self._facts.read(lambda tx: granted(who, name, self.standing(tx, who, name), asked))

    def standing(self, tx: Tx, who: Identity, name: str) -> Standing:
        """What is so between them."""
        namespace = namespace_of(name)
        owner = accounts.get(tx, namespace) if namespace else None
        proxy = self._proxy(namespace, owner is not None)
        if proxy is not None:
            return Standing(proxied=proxy.visibility)
        repository = repositories.get(tx, name)
        return Standing(
            visibility=repository.visibility if repository else "",
            namespace_exists=owner is not None and owner.state == "active",
            role=role_in(tx, who.account, owner),
        )

    def proxy_of(self, tx: Tx, name: str) -> ProxyConfig | None:
        """The other registry that a name is seen from, None when it is the hub's own."""
        namespace = namespace_of(name)
        return self._proxy(namespace, bool(namespace) and accounts.get(tx, namespace) is not None)

    def _proxy(self, namespace: str, is_account: bool) -> ProxyConfig | None:
        if namespace in self._proxies:
            return self._proxies[namespace]
        return None if is_account else self._proxies.get(ANY)


def role_in(tx: Tx, account: str, owner: accounts.Account | None) -> str:
    """The role that an account has in a namespace; `owner` in its own, empty for none."""
    if owner is None or not account:
        return ""
    if owner.is_user:
        return "owner" if owner.name == account else ""
    return accounts.role(tx, owner.name, account)
