# Completion of openai-cli in bash; openai-cli --install-completion bash installs it.

_openai_cli() {
    local quote kind prefix path word
    if [[ ${COMP_WORDS[COMP_CWORD - 1]} == *[\<\>]* ]]; then
        compopt -o default 2>/dev/null
        return
    fi
    {
        IFS= read -r -d '' quote
        IFS= read -r -d '' kind
        IFS= read -r -d '' prefix
        IFS= read -r -d '' path
        case $kind,$prefix in
            files,) compopt -o default 2>/dev/null && return ;;
            folders,) compopt -o dirnames 2>/dev/null && return ;;
            commands,)
                if [[ $path == */* ]]; then
                    compopt -o default 2>/dev/null
                    return
                fi
                while IFS= read -r word; do
                    _openai_cli_add "$word"
                done < <(compgen -c -- "$path")
                return
                ;;
        esac
        while IFS= read -r -d '' word; do
            [[ $word == *[=/] ]] && compopt -o nospace 2>/dev/null
            _openai_cli_add "$word"
        done
    } < <(_OPENAI_CLI_COMPLETE=bash command openai-cli \
        "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
}

# Add a word, with what the shell would read otherwise escaped. Where a quote is open readline does
# it, as for a file's name; bash before 4 cannot be told to, and has no such word there.
_openai_cli_add() {
    local word
    printf -v word %q "$1"
    if [[ ! $quote ]]; then
        COMPREPLY+=("$word")
    elif [[ $word == "$1" ]] || compopt -o filenames 2>/dev/null; then
        COMPREPLY+=("$1")
    fi
}

complete -F _openai_cli openai-cli
