"""The sending side: takes a plan through build, sign, submit and confirm, and never has two effects for one plan."""
