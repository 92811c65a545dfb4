from congress.checks import gaps, retention_plan
from congress.models import JournalEntry, State, User


def test_a_model_without_a_line_is_found():
    plan = {"personal": {}, "impersonal": {}}

    assert gaps(plan, [User]) == ["congress.User has no line in the retention plan."]


def test_a_personal_field_without_a_line_is_found():
    line = {"fields": ["email"], "why": "x", "ground": "x", "until": "x"}
    plan = {"personal": {"congress.User": line}, "impersonal": {}}

    assert "congress.User.last_name: neither personal nor said to be harmless." in gaps(
        plan, [User]
    )


def test_a_model_that_points_to_a_person_cannot_be_called_impersonal():
    plan = {"personal": {}, "impersonal": {"congress.JournalEntry": "no", "congress.State": "no"}}

    assert gaps(plan, [JournalEntry, State]) == [
        "congress.JournalEntry is called impersonal, but points to a person."
    ]


def test_the_plan_says_something_about_every_line():
    for label, line in retention_plan()["personal"].items():
        assert all(line[key] for key in ("why", "ground", "until")), label
