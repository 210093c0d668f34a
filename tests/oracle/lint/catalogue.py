"""Dockerfiles for the lint: at least one for each of docker's rules, and those that come near."""

import hashlib
import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Case:
    """A Dockerfile with the other files of its context, and flags of `docker buildx build`."""

    name: str
    dockerfile: str
    files: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Changes when the case does."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


CASES = [
    Case("nothing to say", 'FROM bb AS one\nCOPY a /\nCMD ["sh"]\n', {"a": ""}),
    Case("stage name casing", "FROM bb AS One\nFROM one\n"),
    Case("from as casing", "FROM bb as one\nfrom bb AS two\nFrom bb as three\n"),
    Case("empty continuation", "FROM bb\nRUN a && \\\n\n  b\nRUN c \\\n# no\n\n d\n"),
    Case("instruction casing, upper wins", "FROM bb\nRun a\nrun b\nCOPY x /\nUSER u\n", {"x": ""}),
    Case("instruction casing, lower wins", "from bb\nrun a\nRUN b\n"),
    Case("instruction casing, a tie is upper", "FROM bb\nrun a\n"),
    Case("instruction casing of ONBUILD", "FROM bb\nONBUILD run a\nOnbuild RUN b\n"),
    Case("duplicate stage name", "FROM bb AS a\nFROM bb AS A\nFROM a\n"),
    Case("reserved stage name", "FROM bb AS scratch\nFROM bb AS Context\n"),
    Case("json args", "FROM bb\nCMD sh -c x\nENTRYPOINT run\nRUN fine\nHEALTHCHECK CMD x\n"),
    Case("json args after SHELL", 'FROM bb\nSHELL ["/bin/sh","-c"]\nCMD x\nFROM bb\nCMD y\n'),
    Case("json args and keyword as typed", "from bb\ncmd x\n"),
    Case(
        "shell is kept by a stage on top", 'FROM bb AS a\nSHELL ["/bin/sh","-c"]\nFROM a\nCMD x\n'
    ),
    Case("maintainer", "FROM bb\nMAINTAINER me\n"),
    Case("undefined arg in from", "ARG VERSION\nFROM bb:$VERSON\nFROM bb:${X:-latest}\n"),
    Case("undefined arg in from, platform", "FROM --platform=$BUILDPLATFROM bb\n"),
    Case("relative workdir", "FROM bb\nWORKDIR a\nWORKDIR b\nFROM bb\nWORKDIR /a\nWORKDIR b\n"),
    Case("relative workdir on a stage", "FROM bb AS a\nWORKDIR /x\nFROM a\nWORKDIR y\n"),
    Case(
        "relative workdir from a variable",
        "FROM bb\nENV D=/d\nWORKDIR $D\nFROM bb\nWORKDIR ${N:-x}\n",
    ),
    Case("undefined var", "FROM bb\nARG FOO\nENV BAR=1\nCOPY $FO $BARR $PAHT /$BAR$FOO\n"),
    Case(
        "undefined var in each instruction",
        "FROM bb\nENV A=$a$b\nLABEL l=$l\nUSER $u\nVOLUME $v\nSTOPSIGNAL 9\nWORKDIR /$w\nARG d=$e\nEXPOSE 80$p\n",
    ),
    Case("undefined var twice", "FROM bb\nENV A=$x B=$x\nENV C=$y$y\n"),
    Case(
        "undefined var in mounts and heredocs",
        'FROM bb\nRUN --mount=type=cache,target=/$m x\nCOPY <<A <<"B" /\n$here\nA\n$there\nB\n',
    ),
    Case("undefined var with a default", "FROM bb\nENV A=${x:-1} B=${y+1} C=${z}\n"),
    Case(
        "undefined var is fine in RUN and CMD",
        'FROM bb\nRUN echo $x\nCMD ["$y"]\nHEALTHCHECK CMD $z\n',
    ),
    Case(
        "predefined args",
        "FROM bb\nENV A=$TARGETPLATFORM B=$HTTP_PROXY\nARG TARGETARCH\nENV C=$TARGETARCH D=$PATH\n",
    ),
    Case("an arg from before FROM", "ARG G=1\nFROM bb\nENV A=$G\nARG G\nENV B=$G\n"),
    Case(
        "multiple instructions",
        'FROM bb\nCMD ["a"]\nCMD ["b"]\nENTRYPOINT ["c"]\nEntrypoint ["d"]\nHEALTHCHECK NONE\nHEALTHCHECK CMD ["x"]\nHEALTHCHECK NONE\n',
    ),
    Case("multiple instructions count per stage", 'FROM bb AS a\nCMD ["a"]\nFROM a\nCMD ["b"]\n'),
    Case("legacy key value", "FROM bb\nENV a b c\nLABEL x y\nENV d=e\nenv f g\n"),
    Case(
        "redundant target platform",
        "FROM --platform=$TARGETPLATFORM bb\nFROM --platform=${TARGETPLATFORM} bb\nFROM --platform=$TARGETOS/$TARGETARCH bb\nFROM --platform=$BUILDPLATFORM bb\n",
    ),
    Case(
        "secrets",
        "FROM bb\nARG TOKEN\nARG NPM_TOKEN=x\nENV PASSWORD=x PUBLIC_KEY=2\nENV keys=1 mykey=1 my_key=1\nARG AWS_SECRET_ACCESS_KEY MONKEY APIKEY\n",
    ),
    Case("secrets before FROM", "ARG TOKEN=x\nFROM bb\n"),
    Case(
        "invalid default arg",
        "ARG B\nARG T=\nARG GOOD=bb\nFROM ${B}\nFROM bb:$T\nFROM $GOOD\n",
        flags=("--build-arg", "B=bb", "--build-arg", "T=latest"),
    ),
    Case(
        "platform constant",
        "FROM --platform=linux/amd64 bb\nFROM --platform=linux/amd64 bb AS x-amd64\nFROM --platform=linux bb AS linux-y\nFROM --platform=amd64 bb AS z\n",
    ),
    Case(
        "copy ignored",
        "# check=experimental=CopyIgnoredFile\nFROM bb\nCOPY a.txt /\nCOPY b /\nADD d/e /\nCOPY . /\nCOPY ok a.txt /\nCOPY --from=bb a.txt /\nADD http://x/a.txt /\n",
        {".dockerignore": "a.txt\nd\n", "a.txt": "", "b": "", "ok": ""},
    ),
    Case(
        "copy ignored with exceptions",
        "# check=experimental=CopyIgnoredFile\nFROM bb\nCOPY a.txt /\n",
        {".dockerignore": "*.txt\n!b.txt\n", "a.txt": ""},
    ),
    Case(
        "copy ignored all",
        "# check=experimental=CopyIgnoredFile\nFROM bb\nCOPY . /\nCOPY / /\nCOPY x /\n",
        {".dockerignore": "*\n", "x": ""},
    ),
    Case(
        "definition description",
        "# check=experimental=InvalidDefinitionDescription\n\n# wrong\nARG a=1\n\n# b right\nARG b=2\n# several\nARG c d\n# stage says\nFROM bb AS stage\n# x\nFROM bb\n# free\n#\nARG e\n",
    ),
    Case("definition description is off", "# wrong\nARG a=1\n# wrong\nFROM bb AS stage\n"),
    Case("expose proto casing", "FROM bb\nEXPOSE 80/TCP 81/tcp 82/Udp\n"),
    Case("expose format", "FROM bb\nEXPOSE 127.0.0.1:80:80 8080:80 90-92:90-92 5000-5002\n"),
    Case("expose from a variable", "FROM bb\nENV P=1:2/TCP\nEXPOSE $P\n"),
    Case(
        "skip some",
        "# check=skip=StageNameCasing,JSONArgsRecommended\nFROM bb AS A\nCMD x\nMAINTAINER y\n",
    ),
    Case("skip all", "# check=skip=all\nFROM bb AS A\nCMD x\n"),
    Case("error", "# check=error=true\nFROM bb AS A\nCMD x\n"),
    Case("error without a finding", '# check=error=true\nFROM bb AS a\nCMD ["x"]\n'),
    Case("error and skip", "# check=skip=StageNameCasing;error=true\nFROM bb AS A\n"),
    Case("bad check option", "# check=skp=X\nFROM bb\n"),
    Case("bad check value", "# check=error=maybe\nFROM bb\n"),
    Case(
        "check from a build arg",
        "FROM bb AS A\nCMD x\n",
        flags=("--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=StageNameCasing"),
    ),
    Case(
        "target leaves other stages out",
        "FROM bb AS A\nCMD x\nFROM bb AS B\nCMD y\n",
        flags=("--target", "a"),
    ),
    Case("all stages without a target", "FROM bb AS a\nCMD x\nFROM bb AS b\nCMD y\nFROM a\n"),
    Case("unknown instruction", "FROM bb AS A\nRUNN x\nCMD y\n"),
    Case("unknown flag", "FROM bb\nCOPY --form=a x /\n"),
    Case("no stage", "ARG A\n"),
    Case("not before FROM", "RUN x\nFROM bb\n"),
    Case("no instruction", "# nothing\n"),
    Case("bad substitution", "FROM bb AS A\nENV A=${B\nCMD x\n"),
    Case("bad substitution in a later stage", "FROM bb AS A\nCMD x\nFROM bb\nLABEL a=${}\nCMD y\n"),
    Case("onbuild of a stage", "FROM bb AS a\nONBUILD ENV X=$missing\nFROM a\nCMD x\n"),
    Case(
        "more than one line",
        "FROM bb AS \\\n  A\nCMD a \\\n b \\\n c\nRUN <<E\nx\nE\nWORKDIR \\\n a\n",
    ),
    Case("ten lines around", "FROM bb\n" + "RUN a\n" * 6 + "CMD x\n" + "RUN b\n" * 6),
    Case("no line end", "FROM bb AS A"),
    Case("bad mounts", "FROM bb\nWORKDIR /\nRUN --mount=type=ssh,source=x a\n"),
    Case("secret without a name", "FROM bb\nRUN --mount=type=secret a\n"),
    Case("unknown mount key", "FROM bb\nRUN --mount=type=bind,tarjet=/x a\n"),
    Case("unknown mount type", "FROM bb\nRUN --mount=type=cach,target=/x a\n"),
    Case("bad port", "FROM bb\nEXPOSE 80/foo\n"),
    Case("bad port number", "FROM bb\nEXPOSE 80a\n"),
    Case("unknown target", "FROM bb AS base\n", flags=("--target", "bse")),
    Case("several on one line", "FROM bb AS A\nENV TOKEN $x\n"),
]
"""Names are unique; `bb` is the images' busybox, which has no variables of its own."""
