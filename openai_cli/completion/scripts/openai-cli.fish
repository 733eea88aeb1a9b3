# Completion of openai-cli in fish; openai-cli --install-completion fish installs it.

function __openai_cli_complete
    set -l words (commandline -opc)
    set -l raw (commandline -ct)
    # The quote that is open has no end yet.
    set -l word (string unescape -- $raw; or string replace -r '^["\']' '' -- $raw)
    set -l reply (_OPENAI_CLI_COMPLETE=fish command openai-cli $words[2..-1] "$word" 2>/dev/null </dev/null)
    set -l kind $reply[1]
    set -e reply[1]
    switch "$kind"
        case values
            printf '%s\n' $reply
        case commands
            complete -C "$raw"
        case files folders
            set -l paths (complete -C "'' $raw")
            if test $kind = folders
                set paths (string match -r '^[^\t]*/(?:\t.*)?$' -- $paths)
            end
            for path in $paths
                # A name with a line break comes in pieces.
                set -l name (string replace -r '\t.*' '' -- $path)
                test -e (string replace -r '^~' $HOME -- $name); and printf '%s\n' $path
            end
    end
end

complete -c openai-cli -f -a '(__openai_cli_complete)'
