"""All services of one hub, made in one place."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from gorae.hub.accounts import Accounts
from gorae.hub.bearer import Bearer
from gorae.hub.blobs import Blobs
from gorae.hub.catalog import Catalog
from gorae.hub.collect import Collector
from gorae.hub.config import Config
from gorae.hub.db import Facts, open_sqlite
from gorae.hub.manifests import Manifests
from gorae.hub.metrics import Metrics
from gorae.hub.permissions import Permissions
from gorae.hub.proxy import Proxies
from gorae.hub.smallblobs import SmallBlobs
from gorae.hub.storage.bucket import Bucket
from gorae.hub.storage.folder import FolderStorage
from gorae.hub.storage.objects import ObjectStorage
from gorae.hub.storage.storage import Storage
from gorae.hub.tokens import Tokens
from gorae.hub.uploads import Uploads
from gorae.hub.webhooks import Webhooks
from gorae.store import share
from gorae.store.content import ContentStore
from gorae.store.db import Database
from gorae.store.gc import sweep_content

SERVICE = "gorae-hub"


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes and the commands call. `share_secret` empty: no engine can share this hub's store."""

    config: Config
    facts: Facts
    storage: Storage
    accounts: Accounts
    tokens: Tokens
    bearer: Bearer
    permissions: Permissions
    blobs: Blobs
    uploads: Uploads
    small: SmallBlobs
    manifests: Manifests
    proxies: Proxies
    catalog: Catalog
    collector: Collector
    webhooks: Webhooks
    metrics: Metrics
    share_secret: str

    def close(self) -> None:
        """Write down what is counted in memory, close the database."""
        self.catalog.flush_pulls()
        self.proxies.close()
        self.facts.close()


def open_services(config: Config) -> Services:
    """Open the database and the storage. Raises: DataLoss, Unavailable: they cannot be reached."""
    root = Path(config.root)
    root.mkdir(parents=True, exist_ok=True, mode=0o710)
    facts = _open_facts(config, root)
    storage = _open_storage(config, root, facts)
    small = SmallBlobs(facts, storage)
    permissions = Permissions(facts, config.proxies)
    blobs, uploads = Blobs(facts, storage, config), Uploads(facts, storage, config)
    manifests = Manifests(facts, small, config)
    return Services(
        config=config,
        facts=facts,
        storage=storage,
        accounts=Accounts(facts, config),
        tokens=Tokens(facts),
        bearer=Bearer(facts, SERVICE, config.token_lifetime_s),
        permissions=permissions,
        blobs=blobs,
        uploads=uploads,
        small=small,
        manifests=manifests,
        proxies=Proxies(facts, permissions, manifests, blobs, uploads),
        catalog=Catalog(facts),
        collector=Collector(facts, storage, config, sweep_content),
        webhooks=Webhooks(facts),
        metrics=Metrics(facts),
        share_secret=_share_secret(config, facts),
    )


def _open_facts(config: Config, root: Path) -> Facts:
    if config.database == "sqlite":
        return open_sqlite(root / "gorae.db")
    from gorae.hub.postgres import PostgresFacts  # its library is loaded where it is wanted

    return PostgresFacts(config.database)


def _open_storage(config: Config, root: Path, facts: Facts) -> Storage:
    if config.s3 is None:
        # A content store only reads and writes its database, which every kind of facts does.
        return FolderStorage(root, ContentStore(root / "content", cast("Database", facts)))
    return ObjectStorage(facts, Bucket(config.s3), redirect=config.s3.redirect)


def _share_secret(config: Config, facts: Facts) -> str:
    """Empty where no engine can open what this hub opens."""
    if config.database != "sqlite" or config.s3 is not None:
        return ""
    return facts.write(lambda tx: share.secret(tx, secrets.token_hex(32)))
