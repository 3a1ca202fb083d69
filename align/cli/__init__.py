"""The command line: one file a noun; parse, call a job, print. stdout is data, stderr is notes."""
