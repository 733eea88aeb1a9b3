"""One command's calls: its session with a server, what is sent, shown, awaited and downloaded."""
