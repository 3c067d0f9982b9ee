"""The commands of this room; each module imports little, so that `quisait --help` is quick."""

import click

from kb.commands.accounts import user
from kb.commands.evaluation import adapt, evaluate, index_trades
from kb.commands.personal_data import personal_data
from kb.commands.search import search
from kb.commands.sites import site
from kb.commands.upkeep import backup, check, copy, doctor, rebuild, restore, status

COMMANDS: list[click.Command] = [
    *(search, status, rebuild, check, backup, restore, copy, doctor),
    *(evaluate, adapt, index_trades, user, site, personal_data),
]
