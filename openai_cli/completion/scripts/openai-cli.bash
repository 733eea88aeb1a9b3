# Completion of openai-cli in bash; openai-cli --install-completion bash installs it.

_openai_cli() {
    local kind prefix path candidate IFS=$'\n'
    if [[ ${COMP_WORDS[COMP_CWORD - 1]} == *[\<\>]* ]]; then
        _openai_cli_paths -f default '' "$2"
        return
    fi
    {
        read -r kind
        case $kind in
            files | folders | commands)
                read -r prefix
                read -r path
                if [[ $kind == folders ]]; then
                    _openai_cli_paths -d dirnames "$prefix" "$path"
                elif [[ $kind == commands && $path != */* ]]; then
                    while read -r candidate; do
                        _openai_cli_add "$candidate"
                    done < <(compgen -c -- "$path")
                else
                    _openai_cli_paths -f default "$prefix" "$path"
                fi
                ;;
            values)
                while read -r candidate; do
                    [[ $candidate == *= ]] && compopt -o nospace 2>/dev/null
                    _openai_cli_add "$candidate"
                done
                ;;
        esac
    } < <(_OPENAI_CLI_COMPLETE=bash command openai-cli \
        "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
}

# $1 is compgen's action, $2 readline's option that does the same, $3 what stands before the path
# $4. By readline itself; where text stands before the path, or bash is old, by compgen.
_openai_cli_paths() {
    local path
    if [[ ! $3 ]] && compopt -o "$2" 2>/dev/null; then
        return
    fi
    while read -r path; do
        if [[ -d $path ]]; then
            compopt -o nospace 2>/dev/null
            path+=/
        fi
        _openai_cli_add "$3$path"
    done < <(compgen "$1" -- "$4")
}

# Add a word with what the shell would read otherwise escaped, unless a quote is open.
_openai_cli_add() {
    local word=$1
    [[ ${COMP_WORDS[COMP_CWORD]} == [\"\']* ]] || printf -v word %q "$word"
    COMPREPLY+=("$word")
}

complete -F _openai_cli openai-cli
