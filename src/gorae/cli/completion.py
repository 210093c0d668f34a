"""`completion`: a shell's completion script. The scripts are thin: they ask `gorae __complete` (see `complete`)."""

from __future__ import annotations

from gorae.cli.errors import FAILURE, UsageFault
from gorae.cli.options import PROGRAM, Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation

# Bash breaks words at `:` and `=`; the line itself is read, and what stands before the break is taken off the answers.
_BASH = r"""# bash completion for gorae
_gorae() {
    local line=${COMP_LINE:0:COMP_POINT} words word text current
    read -ra words <<<"$line"
    case $line in *[[:space:]]) words+=("") ;; esac
    current=${words[${#words[@]}-1]}
    local broken=${current%"${current##*[:=]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r word text; do
        COMPREPLY+=("${word#"$broken"}")
    done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
}
complete -o bashdefault -o default -F _gorae gorae
"""
_ZSH = r"""#compdef gorae
_gorae() {
    local -a found
    local word text
    while IFS=$'\t' read -r word text; do
        found+=("${word//:/\\:}${text:+:$text}")
    done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( $#found )); then _describe -V gorae found; else _files; fi
}
if [ "$funcstack[1]" = _gorae ]; then _gorae "$@"; else compdef _gorae gorae; fi
"""
_FISH = r"""# fish completion for gorae
function __gorae_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c gorae -a '(__gorae_complete)'
"""
SCRIPTS = {"bash": _BASH, "fish": _FISH, "zsh": _ZSH}


def run(call: Invocation) -> int:
    """Write the script."""
    shell = call.arguments[0]
    if shell not in SCRIPTS:
        raise UsageFault(
            f'{PROGRAM}: no completion for "{shell}": give {", ".join(sorted(SCRIPTS))}', FAILURE
        )
    call.console.out.write(SCRIPTS[shell])
    return 0


COMMAND = Command(
    "completion",
    "bash|fish|zsh",
    "write a shell's completion script",
    run,
    arguments=(1, 1),
    description=(
        "Write a shell's completion script.\n\n"
        "bash:  . <(gorae completion bash)\n"
        "zsh:   . <(gorae completion zsh)\n"
        "fish:  gorae completion fish | source"
    ),
)
