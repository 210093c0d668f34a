"""The table of commands: words -> module, imported when the command runs.

Shape: `GROUPS[group][word] = (module, summary)`, where a group may be of two words (`hub user`); the module has a `COMMAND`, or, where it holds several,
`COMMANDS[word]`. The empty group holds what is typed without one. `ALIASES` are further words for the same.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.options import Command

_C = "gorae.cli.container."
_I = "gorae.cli.image."
_H = "gorae.cli.hub."
_N = "gorae.cli.network."
_V = "gorae.cli.volume."
_S = "gorae.cli.system."
_M = "gorae.cli.manifest."
_B = "gorae.cli.builder."

CONTAINER: dict[str, tuple[str, str]] = {
    "attach": (_C + "attach", "connect the terminal to a running container"),
    "commit": (_C + "commit", "make an image of a container's changes"),
    "cp": (_C + "cp", "copy files between a container and this machine"),
    "create": (_C + "create", "make a container without starting it"),
    "diff": (_C + "diff", "list what a container changed in its file system"),
    "exec": (_C + "exec", "run a further command in a running container"),
    "export": (_C + "export", "write a container's file system as a tar archive"),
    "inspect": (_C + "inspect", "show all facts about containers"),
    "kill": (_C + "lifecycle", "send a signal to running containers"),
    "logs": (_C + "logs", "show what a container wrote"),
    "ls": (_C + "ls", "list containers"),
    "pause": (_C + "lifecycle", "freeze all processes of containers"),
    "port": (_C + "port", "list a container's published ports"),
    "prune": (_C + "prune", "remove all stopped containers"),
    "rename": (_C + "lifecycle", "give a container another name"),
    "restart": (_C + "lifecycle", "stop and start containers"),
    "rm": (_C + "rm", "remove containers"),
    "run": (_C + "run", "make a container from an image and start it"),
    "set": (_C + "set", "change ports, labels, networks, mounts and limits while it runs"),
    "start": (_C + "start", "start stopped containers"),
    "stats": (_C + "stats", "show the resources that containers use"),
    "stop": (_C + "lifecycle", "stop running containers"),
    "top": (_C + "top", "list a container's processes"),
    "unpause": (_C + "lifecycle", "let paused containers go on"),
    "update": (_C + "update", "change limits and restart policy of containers"),
    "why": (_C + "why", "say how a container ended, also of one that is gone"),
    "wait": (_C + "lifecycle", "wait until containers stop, print their exit codes"),
}
IMAGE: dict[str, tuple[str, str]] = {
    "bootstrap": (
        _I + "bootstrap",
        "make a base image from distribution packages, without a registry",
    ),
    "history": (_I + "history", "show the layers of an image"),
    "import": (_I + "import_", "make an image of a root file system's tar archive"),
    "inspect": (_I + "inspect", "show all facts about images"),
    "leaks": (_I + "leaks", "find secrets in an image"),
    "load": (_I + "load", "take images from an archive"),
    "ls": (_I + "ls", "list images"),
    "prune": (_I + "prune", "remove unused images"),
    "pull": (_I + "pull", "fetch an image from a registry"),
    "push": (_I + "push", "send an image to a registry"),
    "rm": (_I + "rm", "remove images"),
    "save": (_I + "save", "write images to an archive"),
    "tag": (_I + "tag", "give an image a further name"),
}
NETWORK: dict[str, tuple[str, str]] = {
    "connect": (_N + "connect", "connect a container to a network"),
    "create": (_N + "create", "make a network"),
    "disconnect": (_N + "connect", "disconnect a container from a network"),
    "explain": (_N + "explain", "show how packets reach a container and leave it"),
    "inspect": (_N + "inspect", "show all facts about networks"),
    "ls": (_N + "ls", "list networks"),
    "prune": (_N + "prune", "remove unused networks"),
    "rm": (_N + "rm", "remove networks"),
}
VOLUME: dict[str, tuple[str, str]] = {
    "clone": (_V + "archive", "make a copy of a volume"),
    "create": (_V + "create", "make a volume"),
    "export": (_V + "archive", "write a volume's content as a tar archive"),
    "import": (_V + "archive", "make a volume of a tar archive"),
    "inspect": (_V + "inspect", "show all facts about volumes"),
    "ls": (_V + "ls", "list volumes"),
    "prune": (_V + "prune", "remove unused volumes"),
    "rm": (_V + "rm", "remove volumes"),
    "update": (_V + "update", "update a volume (cluster volumes only)"),
}
SYSTEM: dict[str, tuple[str, str]] = {
    "check": (_S + "check", "verify the store and the host's leftovers"),
    "df": (_S + "df", "show the disk space in use"),
    "events": (_S + "events", "follow what happens in the engine"),
    "info": (_S + "info", "show facts about the engine and its host"),
    "install-docker-plugins": (_S + "plugins", "let docker's own command line build with gorae"),
    "prune": (_S + "prune", "remove unused data"),
    "undo": (_S + "undo", "bring back what prune, rm or volume rm took"),
}
BUILDER: dict[str, tuple[str, str]] = {
    "bake": ("gorae.cli.bake.bake", "build the targets of a bake file"),
    "build": (_B + "build", "make an image from a Dockerfile"),
    "du": (_B + "prune", "show the build cache's records"),
    "prune": (_B + "prune", "remove build cache"),
}
BUILD: dict[str, tuple[str, str]] = {
    "context": (
        _B + "context",
        "show what a build gets to see, and which line keeps or takes each path",
    ),
    "shell": (_B + "shell", "open a shell in the state of a step that failed"),
    "why": (_B + "why", "say of the last build, or of one of its steps, what ran and why"),
}
"""Words that may follow `build`; a folder of such a name is built as `./context`."""
MANIFEST: dict[str, tuple[str, str]] = {
    "annotate": (_M + "index", "say for which platform an image of an index is"),
    "create": (_M + "index", "begin an index of images that are in a registry"),
    "inspect": (_M + "index", "show a manifest or an index"),
    "push": (_M + "index", "make the index in its registry"),
    "rm": (_M + "index", "forget lists that were begun"),
}
HUB: dict[str, tuple[str, str]] = {
    "audit": (_H + "keeping", "show who did what"),
    "gc": (_H + "keeping", "remove what nothing reaches"),
    "invite": (_H + "keeping", "print a code with which one person may sign up"),
    "serve": (_H + "serve", "serve a registry with accounts and a web site"),
}
HUB_GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "hub key": {"rotate": (_H + "keeping", "sign tokens by a new key from now on")},
    "hub org": {
        "add": (_H + "org", "make an organisation with its first owner"),
        "ls": (_H + "org", "list organisations, or members"),
        "member": (_H + "org", "give a user a role in an organisation, or take it away"),
        "rm": (_H + "org", "remove organisations"),
    },
    "hub repo": {
        "add": (_H + "repo", "make an empty repository (a push makes one too)"),
        "ls": (_H + "repo", "list repositories"),
        "rm": (_H + "repo", "remove repositories with all their images"),
        "set": (_H + "repo", "change who may pull, the description, the README"),
    },
    "hub token": {
        "add": (_H + "token", "make an access token, printed this once"),
        "ls": (_H + "token", "list a user's access tokens"),
        "rm": (_H + "token", "revoke access tokens"),
    },
    "hub user": {
        "add": (_H + "user", "make an account"),
        "ls": (_H + "user", "list accounts"),
        "passwd": (_H + "user", "give an account another password; its logins end"),
        "rm": (_H + "user", "remove accounts"),
        "set": (_H + "user", "change what an account may do"),
    },
    "hub webhook": {
        "add": (_H + "webhook", "tell a URL of pushes and deletes"),
        "ls": (_H + "webhook", "list a namespace's webhooks"),
        "rm": (_H + "webhook", "remove webhooks"),
    },
}
_TOP_CONTAINER = tuple(name for name in CONTAINER if name not in ("ls", "prune", "inspect"))
_TOP_IMAGE = ("history", "import", "load", "pull", "push", "save", "tag")
TOP: dict[str, tuple[str, str]] = {
    **{name: CONTAINER[name] for name in _TOP_CONTAINER},
    **{name: IMAGE[name] for name in _TOP_IMAGE},
    "bake": BUILDER["bake"],
    "build": BUILDER["build"],
    "compose": ("gorae.cli.compose.main", "define and run applications of many containers"),
    "ps": CONTAINER["ls"],
    "images": IMAGE["ls"],
    "rmi": IMAGE["rm"],
    "events": SYSTEM["events"],
    "info": SYSTEM["info"],
    "inspect": (_S + "inspect", "show all facts about objects of any kind"),
    "login": (_S + "login", "log in to a registry"),
    "search": (_I + "search", "find repositories in a registry"),
    "logout": (_S + "login", "log out of a registry"),
    "version": (_S + "version", "show the versions of client and engine"),
    "completion": ("gorae.cli.completion", "write a shell's completion script"),
    "__complete": ("gorae.cli.complete", "print what may stand next (for shells)"),
}
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "": TOP,
    "build": BUILD,
    "builder": BUILDER,
    "container": CONTAINER,
    "hub": HUB,
    **HUB_GROUPS,
    "image": IMAGE,
    "manifest": MANIFEST,
    "network": NETWORK,
    "system": SYSTEM,
    "volume": VOLUME,
}
SUMMARIES = {
    "builder": "builds and their cache",
    "container": "containers",
    "hub": "a registry of one's own",
    "hub key": "the keys that sign a hub's tokens",
    "hub org": "a hub's organisations",
    "hub repo": "a hub's repositories",
    "hub token": "access tokens to a hub",
    "hub user": "a hub's accounts",
    "hub webhook": "whom a hub tells of pushes",
    "image": "images",
    "manifest": "manifests and indexes in registries",
    "network": "networks",
    "system": "the engine itself",
    "volume": "volumes",
}
ALIASES = {
    ("builder", "b"): "build",
    ("container", "list"): "ls",
    ("container", "ps"): "ls",
    ("container", "remove"): "rm",
    ("image", "list"): "ls",
    ("image", "remove"): "rm",
    ("network", "list"): "ls",
    ("network", "remove"): "rm",
    ("volume", "list"): "ls",
    ("volume", "remove"): "rm",
}


def find(group: str, word: str) -> Command | None:
    """The command of that name; None if there is none."""
    word = ALIASES.get((group, word), word)
    entry = GROUPS[group].get(word)
    return load(entry[0], word) if entry else None


def load(module: str, word: str) -> Command:
    """Import `module` and take the command from it: the one dynamic import of the project."""
    found = __import__(module, fromlist=["COMMAND"])
    command: Command = found.COMMANDS[word] if hasattr(found, "COMMANDS") else found.COMMAND
    return command
