import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given as every
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some

from congress.setup import install_states
from registration import eligibility, registry
from registration.models import DomainRule
from tests.factories import make_user
from tests.registration.making import make_rule


def rule(domain, match="suffix", decision="allow", level="kommune"):
    return DomainRule(
        domain=domain, match=match, decision=decision, level="" if decision == "deny" else level
    )


# --- Which row speaks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "host", "decision"),
    [
        ("suffix", "kiel.de", "allow"),
        ("suffix", "amt.kiel.de", "allow"),
        ("suffix", "a.amt.kiel.de", "allow"),
        ("suffix", "xkiel.de", "unknown"),
        ("suffix", "kiel.de.evil.test", "unknown"),
        ("suffix", "de", "invalid"),
        ("subdomain", "amt.kiel.de", "allow"),
        ("subdomain", "kiel.de", "review"),
        ("exact", "kiel.de", "allow"),
        ("exact", "amt.kiel.de", "unknown"),
    ],
)
@pytest.mark.django_db
def test_labels_are_compared_from_the_right(match, host, decision):
    make_rule("kiel.de", match=match)

    assert eligibility.assess(f"a@{host}").decision == decision


def test_the_longest_domain_wins():
    rules = [rule("rlp.de", "subdomain", level="land"), rule("rhein-lahn.rlp.de")]

    assert eligibility.judge("a@rhein-lahn.rlp.de", rules).level == "kommune"
    assert eligibility.judge("a@mdi.rlp.de", rules).level == "land"


def test_an_exact_row_speaks_for_the_apex_of_a_subdomain_row():
    rules = [rule("hamburg.de", "subdomain"), rule("hamburg.de", "exact", "deny")]

    assert eligibility.judge("a@hamburg.de", rules).decision == "deny"
    assert eligibility.judge("a@bis.hamburg.de", rules).decision == "allow"


def test_a_rule_for_the_address_comes_before_every_domain():
    rules = [rule("gratispost.example", "exact", "deny"), rule("amt@gratispost.example", "address")]

    assert eligibility.judge("amt@gratispost.example", rules).decision == "allow"
    assert eligibility.judge("amt+kongress@gratispost.example", rules).decision == "allow"
    assert eligibility.judge("other@gratispost.example", rules).decision == "deny"


@pytest.mark.parametrize(
    "local",
    ["extern.kim.albers", "ext.albers", "kim.albers.extern", "k-ext", "postmaster", "noreply"],
)
def test_consultants_and_machines_are_looked_at_by_a_person(local):
    assert eligibility.judge(f"{local}@kiel.de", [rule("kiel.de")]).decision == "review"


@pytest.mark.parametrize("local", ["k.exter", "externbrink", "info", "a.next", "text"])
def test_whoever_only_sounds_like_it_is_not(local):
    assert eligibility.judge(f"{local}@kiel.de", [rule("kiel.de")]).decision == "allow"


def test_a_rule_for_the_address_of_a_consultant_holds():
    rules = [rule("kiel.de"), rule("extern.a@kiel.de", "address")]

    assert eligibility.judge("extern.a@kiel.de", rules).decision == "allow"


@pytest.mark.parametrize(
    ("address", "shared"),
    [
        ("info@kiel.de", True),
        ("poststelle+fk@kiel.de", True),
        ("informatik@kiel.de", False),
        ("kim.info@kiel.de", False),
    ],
)
def test_shared_mailboxes_are_known_by_their_local_part(address, shared):
    assert eligibility.is_shared(address) is shared


label = some.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True).filter(
    lambda text: not text.startswith("xn--") and text[2:4] != "--"
)
domain = (
    some.lists(label, min_size=2, max_size=4)
    .map(".".join)
    .filter(lambda text: not text.rpartition(".")[2].isdigit())
)


@every(x=some.text("abcdefghij0123456789.-", max_size=12), d=domain)
@hypothesis_settings(max_examples=300, deadline=None)
def test_a_suffix_speaks_only_at_a_label_boundary(x, d):
    host = x + d
    found = eligibility.judge(f"a@{host}", [rule(d)])

    assert (found.decision == "allow") == (x == "" or x.endswith("."))


@every(below=label, d=domain, behind=domain)
@hypothesis_settings(max_examples=200, deadline=None)
def test_a_domain_in_front_of_another_says_nothing(below, d, behind):
    found = eligibility.judge(f"a@{below}.{d}.{behind}", [rule(d)])

    assert found.decision == ("allow" if f".{behind}".endswith(f".{d}") else "unknown")


@every(d=domain, decisions=some.permutations(["allow", "review", "deny"]))
@hypothesis_settings(max_examples=100, deadline=None)
def test_the_order_of_the_rows_does_not_matter(d, decisions):
    rules = [
        rule(d, "suffix", decisions[0]),
        rule(d, "exact", decisions[1]),
        rule(f"sub.{d}", "suffix", decisions[2]),
    ]

    for host in (d, f"sub.{d}", f"x.{d}"):
        one = eligibility.judge(f"a@{host}", rules).rule
        other = eligibility.judge(f"a@{host}", list(reversed(rules))).rule
        assert one is other


# --- The commands -----------------------------------------------------------------------------------


def printed(*arguments):
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_assess_address_prints_one_json_line_per_address():
    make_rule("kiel.de", body="Stadt Kiel", land_id=None)

    lines = printed("assess_address", "a@kiel.de", "x@y.example", "no address").splitlines()

    assert [json.loads(line) for line in lines] == [
        {
            "address": "a@kiel.de",
            "decision": "allow",
            "level": "kommune",
            "land": None,
            "body": "Stadt Kiel",
            "rule": "suffix:kiel.de",
        },
        {
            "address": "x@y.example",
            "decision": "unknown",
            "level": None,
            "land": None,
            "body": None,
            "rule": None,
        },
        {
            "address": "no address",
            "decision": "invalid",
            "level": None,
            "land": None,
            "body": None,
            "rule": None,
        },
    ]


HEADER = "domain,name,level,land,match,decision,bodies,note"


def imported(tmp_path, text, encoding="utf-8"):
    file = tmp_path / "rules.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return printed("import_domains", str(file))


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_import_reads_what_people_save(tmp_path, encoding):
    text = f"{HEADER}\r\nmölsheim.de,Mölsheim,kommune,,suffix,allow,1,\r\n"

    assert "1 added" in imported(tmp_path, text, encoding)
    assert DomainRule.objects.get().body == "Mölsheim"
    assert DomainRule.objects.get().domain == "xn--mlsheim-90a.de"


@pytest.mark.django_db
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_import_reads_what_german_excel_saves(tmp_path, delimiter):
    text = f"{HEADER}\nkiel.de,Kiel,kommune,,suffix,allow,1,\n".replace(",", delimiter)

    assert "1 added" in imported(tmp_path, text)


@pytest.mark.django_db
def test_import_says_what_it_added_changed_and_refused(tmp_path):
    install_states()
    make_rule("alt.de", body="Alt")
    make_rule("gleich.de", body="Gleich")
    rows = [
        HEADER,
        "neu.de,Neu,kommune,SH,suffix,allow,1,",
        "alt.de,Neuer Name,kommune,,suffix,allow,1,",
        "gleich.de,Gleich,kommune,,suffix,allow,1,",
        "evil-bund,,kommune,,suffix,allow,1,",
        "bund.dе,,kommune,,suffix,allow,1,",
        "a.de,,kommune,XX,suffix,allow,1,",
        "b.de,,kommune,,prefix,allow,1,",
        "c.de,,,,suffix,allow,1,",
        "d.de,,kommune,,suffix,maybe,1,",
        "neu.de,Noch einmal,kommune,,suffix,allow,1,",
        "e.de,,kommune,,suffix,allow,many,",
        "f.de,,kommune",
        "g.de,,kommune,,address,allow,1,",
    ]

    lines = imported(tmp_path, "\n".join(rows)).splitlines()

    assert lines[-1] == "1 added, 1 changed, 1 unchanged, 10 refused"
    assert sorted(int(line.split(":")[0].split()[-1]) for line in lines[:-1]) == [
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
    ]
    assert DomainRule.objects.get(domain="alt.de").body == "Neuer Name"
    assert DomainRule.objects.get(domain="neu.de").land_id == "SH"


@pytest.mark.django_db
def test_import_keeps_the_history_and_forgets_who_checked_what_is_no_more(tmp_path):
    make_rule("alt.de", body="Alt", checked_by=make_user(), checked_at="2021-01-01T00:00Z")

    imported(tmp_path, f"{HEADER}\nalt.de,Neu,kommune,,suffix,allow,1,\n")

    changed = DomainRule.objects.get()
    assert (changed.body, changed.checked_by) == ("Neu", None)
    assert [row.body for row in changed.history.all()] == ["Neu", "Alt"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        b"domain,match\nkiel.de,suffix\n",
        b"domain,match,decision,match\nkiel.de,suffix,deny,exact\n",
        b"domain,match,decision\nkiel.de,suffix,deny\nx.de,exa\0ct,deny\n",
        b'domain,match,decision\nkiel.de,suffix,deny\n"x.de,exact,deny\n',
        b"domain,match,decision\nkiel.de,suffix,deny\n" + b"x" * 200_000 + b",exact,deny\n",
        b"domain,match,decision\nkiel.de,suffix,deny\n\x81.de,exact,deny\n",
        b"",
    ],
)
def test_a_file_that_cannot_be_trusted_writes_nothing(tmp_path, content):
    with pytest.raises(CommandError):
        imported(tmp_path, content)

    assert not DomainRule.objects.exists()


@pytest.mark.django_db
def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "MOST_ROWS", 1)

    with pytest.raises(CommandError, match="1 "):
        imported(tmp_path, b"domain,match,decision\na.de,suffix,deny\nb.de,suffix,deny\n")

    assert not DomainRule.objects.exists()


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_said_in_a_sentence():
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_domains", "/nowhere/rules.csv")


@pytest.mark.django_db
def test_ten_times_as_many_rows_take_no_more_queries(tmp_path):
    """How long ten thousand take says `python -m load.registry`."""

    def queries_for(name, count):
        rows = [f"ort-{n}.example,{name} {n},kommune,,suffix,allow,1," for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            said = imported(tmp_path, "\n".join([HEADER, *rows]))
        return said, len(queries)

    few, many = queries_for("Ort", 40), queries_for("Ort", 400)
    assert ("40 added" in few[0], "360 added" in many[0]) == (True, True)
    few_changed, many_changed = queries_for("Gemeinde", 40), queries_for("Stadt", 400)
    assert ("40 changed" in few_changed[0], "400 changed" in many_changed[0]) == (True, True)

    assert (many[1], many_changed[1]) == (few[1], few_changed[1])


# --- What every installation starts with ------------------------------------------------------------


@pytest.mark.django_db
def test_setup_takes_few_statements_and_leaves_alone_what_people_changed(
    django_assert_max_num_queries,
):
    install_states()
    with django_assert_max_num_queries(15):
        assert registry.install().startswith("9562 ")

    changed = DomainRule.objects.get(domain="kiel.de")
    changed.match, changed.decision = "exact", "review"
    changed.save()
    DomainRule.objects.get(domain="gmx.de").delete()

    assert registry.install().startswith("0 ")
    assert DomainRule.objects.get(domain="kiel.de").decision == "review"
    assert not DomainRule.objects.filter(domain="gmx.de").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"domain": "Kiel.de"},
        {"domain": "a@kiel.de"},
        {"domain": "kiel.de", "match": "address"},
        {"domain": "kiel.de", "decision": "maybe"},
        {"domain": "kiel.de", "level": ""},
    ],
)
def test_the_database_refuses_rows_that_make_no_sense(fields):
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        make_rule(**fields)
