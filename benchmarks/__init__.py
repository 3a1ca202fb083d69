"""Speed and quality against peers: each module is a command that prints what it measured."""
