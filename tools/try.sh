#!/bin/sh
# Show the main job on real input. Every command that sends gets the argument: --sandbox, or nothing.
set -u

flag=${1-}
if [ "$flag" = --sandbox ]; then
    echo "These commands ask the sandbox, a stand-in for the API on this machine."
    echo "It is not a model: it says X for 'Say X', and else names what it was sent."
    echo "'make try-live' asks OpenAI, with OPENAI_API_KEY."
elif [ -z "${OPENAI_API_KEY-}" ]; then
    echo "make try-live asks OpenAI and needs OPENAI_API_KEY; 'make try' needs no key." >&2
    exit 3
fi

show() {
    printf '\n$ %s\n' "$1"
    sh -c "$1" 2>&1
    code=$?
    [ $code -eq 0 ] || echo "(exit code $code)"
}

show "openai-cli chat 'Say hello to the shell' $flag"
show "head -n 12 README.md | openai-cli chat 'What is this project for?' --usage $flag"
show "openai-cli chat 'Say one of two' -n 2 --separator --- $flag"
show "openai-cli chat 'Say one two three four five' --max-completion-tokens 3 --require-complete $flag"
show "openai-cli chat 'The largest city of Peru' --schema 'name, people int' $flag"
show "openai-cli chat 'What was the model?' --query model $flag"
show "openai-cli chat 'Write a commit message' --temperature 3"
show "openai-cli chat 'Write a commit message' --temperature 0.2 --curl"
show "openai-cli tokens --files README.md docs/chat.md"
show "openai-cli cost < README.md -m gpt-6-luna -m gpt-5.5 --max-tokens 200"

echo
if [ -x .venv/bin/openai-cli ]; then
    echo "The command is $PWD/.venv/bin/openai-cli; \`pipx install .\` puts it on your PATH."
fi
cat <<'END'
Next, with a key: `openai-cli key set`, then `openai-cli chat hello`.
Or without one: `openai-cli sandbox -- bash` opens a shell whose server is the sandbox. README.md has
ten lines to paste there, and docs/first-steps.md begins the manual.
END
