"""The commands of an interactive session, as its help lists them."""

HELP = """\
  Enter         continue (after the stop text, if one was reached)
  any words     write them on as whole words, then continue
  + WORDS       the same, exactly as typed, without spaces; \\n is a line end
  r             retry: another continuation; k lists takes, k 2 chooses one
  u, y          undo, redo: continuations, words, takes, a new start
  t 0.5, n 200  set the temperature, the length; set shows all settings
  p             print the whole text
  s PRIME       start again, with a new prime or the same
  w FILE        save the text; w! FILE replaces a file
  q             quit (or Ctrl-D); Ctrl-C stops a continuation
"""
# Words that people type for a command, alone on a line.
COMMANDS = {
    "quit": "q", "exit": "q", "help": "h", "?": "h", "undo": "u", "redo": "y", "retry": "r",
    "takes": "k", "print": "p", "save": "w", "settings": "set",
}  # fmt: skip
