"""What the registry says about addresses."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from registration import eligibility


class Command(BaseCommand):
    help = "Says what the registry makes of each address: one JSON line per address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("addresses", nargs="+", metavar="ADDRESS")

    def handle(self, *args: Any, addresses: list[str], **options: Any) -> None:
        for address in addresses:
            found = eligibility.assess(address)
            line = {
                "address": found.address,
                "decision": found.decision,
                "level": found.level or None,
                "land": found.land or None,
                "body": found.body or None,
                "rule": found.rule.name if found.rule is not None else None,
            }
            self.stdout.write(json.dumps(line, ensure_ascii=False))
