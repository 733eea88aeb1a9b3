"""The commands: one file each, with its options and one run(context, options)."""
