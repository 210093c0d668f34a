"""FROM, stages, ARG, variables, platforms."""

from tests.oracle.buildkit.case import case

A = {"a": "one\n"}

CASES = [
    case("scratch with a file", "FROM scratch\nCOPY a /\n", A),
    case("base alone", "FROM orcbb\n"),
    case("scratch and config alone", 'FROM scratch\nWORKDIR /w\nCMD ["x"]\n'),
    case("stage by name", "FROM orcbb AS one\nRUN echo x >/x\nFROM scratch\nCOPY --from=one /x /y\n"),
    case("stage by number", "FROM orcbb\nRUN echo x >/x\nFROM scratch\nCOPY --from=0 /x /y\n"),
    case("stage name has no case", "FROM orcbb AS One\nRUN echo x >/x\nFROM ONE\nCOPY --from=oNe /x /y\n"),
    case("stage on a stage", "FROM orcbb AS one\nENV A=1\nWORKDIR /w\nUSER 7\nLABEL l=1\nCMD [\"c\"]\nFROM one\nENV B=$A\n"),
    case("stage named as an image", "FROM scratch AS orcbb\nFROM orcbb\nLABEL own=1\n"),
    case("unused stage is skipped", "FROM orcbb AS bad\nRUN false\nFROM orcbb\nRUN true\n"),
    case("unused stage of a missing image", "FROM nosuchimage:1 AS bad\nFROM orcbb\n"),
    case("target", "FROM orcbb AS one\nRUN echo 1 >/f\nFROM orcbb AS two\nRUN false\n", None, "--target", "one"),
    case("target in another case", "FROM orcbb AS one\nLABEL a=1\nFROM orcbb\nRUN false\n", None, "--target=ONE"),
    case("same name twice", "FROM orcbb AS a\nLABEL n=1\nFROM orcbb AS a\nLABEL n=2\nFROM a\n"),
    case("copy from an image", "FROM scratch\nCOPY --from=orcbb /etc/passwd /p\n"),
    case("copy from a later line's stage chain", "FROM orcbb AS a\nRUN echo a >/a\nFROM orcbb AS b\nCOPY --from=a /a /b\nFROM scratch\nCOPY --from=b /b /c\n"),
    case("arg before from", "ARG BASE=orcbb\nFROM ${BASE}\nLABEL l=${BASE}-\n"),
    case("arg before from by flag", "ARG BASE=nosuch\nFROM $BASE\nARG BASE\nLABEL l=$BASE\n", None, "--build-arg", "BASE=orcbb"),
    case("arg before from, defaults", "ARG A\nARG B=${A:-orc}bb\nFROM ${B}\n"),
    case("arg uses an earlier one", "ARG A=orcb\nARG B=${A}b\nFROM $B\nARG B\nENV E=$B\n"),
    case("arg scope", "ARG A=1\nFROM orcbb\nLABEL before=$A-\nARG A\nLABEL after=$A-\nARG A=2\nLABEL own=$A-\n"),
    case("arg overrides nothing later", "FROM orcbb\nARG A=1\nENV A=2\nLABEL l=$A\nARG A=3\nLABEL m=$A\n"),
    case("arg in run", "FROM orcbb\nARG A=1\nARG B\nRUN echo $A-$B >/f\n", None, "--build-arg=B=2"),
    case("arg several on a line", "FROM orcbb\nARG A=1 B C=$A\nLABEL l=$A-$B-$C\n", None, "--build-arg=B=x"),
    case("arg from the environment", "FROM orcbb\nARG FROMENV\nLABEL l=$FROMENV\n", None, "--build-arg", "FROMENV", env={"FROMENV": "e"}),
    case("arg that nothing declares", "FROM orcbb\nLABEL a=1\n", None, "--build-arg", "NOBODY=1"),
    case("arg is inherited by a stage on top", "FROM orcbb AS a\nARG A=1\nFROM a\nLABEL l=$A-\nRUN echo $A- >/f\n"),
    case("arg in another stage is not", "FROM orcbb AS a\nARG A=1\nFROM orcbb\nLABEL l=$A-\n"),
    case("proxy args", "FROM orcbb\nRUN echo $HTTP_PROXY-$https_proxy-$NO_PROXY >/f\n", None, "--build-arg", "HTTP_PROXY=http://p", "--build-arg", "https_proxy=http://q"),
    case("proxy arg declared", "FROM orcbb\nARG HTTP_PROXY\nRUN echo $HTTP_PROXY >/f\nLABEL l=$HTTP_PROXY\n", None, "--build-arg", "HTTP_PROXY=http://p"),
    case("platform args", "FROM orcbb\nARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT BUILDPLATFORM BUILDOS BUILDARCH\nLABEL l=$TARGETPLATFORM,$TARGETOS,$TARGETARCH,$TARGETVARIANT,$BUILDPLATFORM,$BUILDOS,$BUILDARCH\n"),
    case("platform args undeclared", "FROM orcbb\nLABEL l=$TARGETPLATFORM-\nENV E=${TARGETARCH:-none}\n"),
    case("target stage arg", "FROM orcbb AS one\nARG TARGETSTAGE\nLABEL l=$TARGETSTAGE\nFROM one AS two\n"),
    case("from with platform", "FROM --platform=$BUILDPLATFORM orcbb AS b\nRUN echo x >/x\nFROM --platform=linux/amd64 orcbb\nCOPY --from=b /x /\n"),
    case("platform by flag", "FROM scratch\nCOPY a /\n", A, "--platform=linux/arm64"),
    case("platform with variant", "FROM scratch\nCOPY a /\nARG TARGETPLATFORM\nLABEL l=$TARGETPLATFORM\n", A, "--platform=linux/arm/v7"),
    case("variables, every modifier", (
        "FROM orcbb\nENV V=/usr/local/lib/a.tar.gz E= W='two words'\n"
        "LABEL a=${V:-x} b=${N:-x} c=${E:-x} d=${E-x} e=${N-x} f=${V:+x} g=${E:+x} h=${E+x} i=${N+x} \\\n"
        " j=${V#*/} k=${V##*/} l=${V%.*} m=${V%%.*} n=${V/lib/LIB} o=${V//l/L} p=${V//\\//_} q=\"${W}\" r=$W s='$W' t=\\$W \\\n"
        " u=${N:-${V##*/}} v=\"a${N:+b}c\" w=${V:?bad} x=${W/two*/2}\n"
    )),
    case("variables in quotes and escapes", "FROM orcbb\nENV A=1\nLABEL a=\"$A\" b='$A' c=\\$A d=\"\\$A\" e=$A$A f=${A}1 g=\"it's\" h='\"' i=a\\ b j=\"a\\nb\" k=\\\\\n"),
    case("variables count from their line on", "FROM orcbb\nENV A=1 B=$A\nENV C=$A\nENV A=2 D=$A\n"),
    case("variables in every instruction", (
        "FROM orcbb\nENV D=/d U=1000 P=81 S=SIGINT F=a\nWORKDIR $D/w\nCOPY $F ${D}/$F\nADD $F $D/x\nEXPOSE $P/udp\nVOLUME $D/v\n"
        "USER $U\nSTOPSIGNAL $S\nLABEL l=$D\nARG X=$D-arg\nENV Y=$X\nONBUILD ENV Z=$D\nCMD echo $D\nENTRYPOINT [\"$D\"]\nHEALTHCHECK CMD $D\n"
    ), A),
    case("variable with a default in from", "FROM ${NOSUCH:-orcbb}\n"),
    case("env of the base", "FROM {first:b}\nENV B=$A C=${PATH}\n", first=(("b", "FROM scratch\nWORKDIR /w\nENV A=1 PATH=/p\n"),)),
    case("onbuild", "FROM {first:b}\nCOPY a /last\n", A, first=(("b", "FROM orcbb\nONBUILD COPY a /first\nONBUILD RUN cat /first >/second\nONBUILD ENV X=1\n"),)),
    case("onbuild in a stage", "FROM orcbb AS b\nONBUILD RUN echo 1 >/o\nLABEL b=1\nFROM b\nRUN echo 2 >>/o\n"),
    case("onbuild copies from a stage", "FROM orcbb AS src\nRUN echo s >/s\nFROM {first:b}\n", first=(("b", "FROM orcbb\nONBUILD COPY --from=src /s /t\n"),)),
    case("onbuild with a heredoc", "FROM {first:b}\n", first=(("b", "FROM orcbb\nONBUILD COPY <<E /h\nONBUILD text\nE\n"),)),
    case("onbuild fires once", "FROM {first:b} AS one\nFROM one\nLABEL l=1\n", first=(("b", "FROM orcbb\nONBUILD RUN echo x >>/o\n"),)),
    case("build args of the tool", "FROM orcbb\nRUN hostname >/h\n", None, "--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=sand"),
    case("labels by flag", "FROM orcbb\nLABEL a=1 b=2\n", None, "--label", "b=3", "--label", "c=4"),
    case("label by flag without a value", "FROM orcbb\n", None, "--label", "only"),
]  # fmt: skip
