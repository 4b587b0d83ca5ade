"""Finding tasks by words, whoever wrote them and through whichever door."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from unicodedata import normalize
from urllib.parse import quote

import pytest
from django.db import connection

from taskbell.accounts.models import User
from taskbell.common.folding import sort_key
from taskbell.runtime.demo import fill
from taskbell.search.tasks import listing
from taskbell.tasks import search_text
from taskbell.tasks.models import Category, SearchText, Task
from taskbell.tasks.scheduled import purge_deleted
from taskbell.tasks.search_text import search_text_of
from tests.conftest import NOW, Program
from tests.tasks.conftest import Somebody, a_task

Found = Callable[..., list[str]]


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


@pytest.fixture
def found(program: Program) -> Found:
    """The titles of what Bo finds by some words, page after page, oldest first; both ways of paging agree."""

    def by(words: str, more: str = "") -> list[str]:
        path = f"/api/tasks/?q={quote(words)}&ordering=id&page_size=3{more}"
        pages = [list(_titles(program, path)), list(_titles(program, f"{path}&cursor="))]
        assert pages[0] == pages[1]
        assert program.get(path).json()["count"] == len(pages[0])
        return pages[0]

    return by


def _titles(program: Program, path: str) -> Iterator[str]:
    return (task["title"] for task in _rows(program, path))


def _rows(program: Program, path: str) -> Iterator[dict[str, str]]:
    while path:
        page = program.get(path).json()
        yield from page["results"]
        path = (page["next"] or "").removeprefix("http://localhost")


@pytest.fixture(autouse=True)
def _all_texts_are_kept(db: None) -> Iterator[None]:
    """After each test, the search knows exactly the tasks that there are, as they are."""
    yield
    tasks = Task.objects.values_list("pk", "title", "description", "title_sort")
    assert dict(SearchText.objects.values_list("pk", "text")) == {pk: search_text_of(*text) for pk, *text, _ in tasks}
    assert all(key == sort_key(title) for _, title, _, key in tasks)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tasks_searchtext_fts (tasks_searchtext_fts, rank) VALUES ('integrity-check', 1)"
            )


def test_all_words_count_in_any_order_in_title_and_description(bo: User, found: Found) -> None:
    a_task(bo, "Water the plants", description="Not the cactus. Ask Émile.")
    a_task(bo, "Plant a tree", description="Water it daily.")
    assert found("plants water") == ["Water the plants"]
    assert found("water plant") == found("plant water") == ["Water the plants", "Plant a tree"]
    assert found("émile plants") == found("EMILE the cactus water") == ["Water the plants"]
    assert found("water water the wat") == ["Water the plants"]
    assert found("tree cactus") == []


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
def test_case_accents_and_unicode_forms_make_no_difference(bo: User, found: Found, form: str) -> None:
    titles = ["Café Größe", "İstanbul ısı", "Smørrebrød", "ΣΟΦΌΣ Οδυσσεύς", "ＡＢＣ　１", "Привет Ёлка", "カフェ"]
    for title in titles:
        a_task(bo, normalize(form, title))
    written = [normalize("NFC", normalize(form, title)) for title in titles]
    searches = ["cafe grosse", "ISTANBUL isi", "smorrebrod", "σοφος οδυσσευς", "abc 1", "елка привет", "カフェ"]
    for title, search in zip(written, searches, strict=True):
        for words in (search, search.upper(), normalize("NFD", search), title):
            assert [normalize("NFC", one) for one in found(words)] == [title], words


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("lan", ["Water the plants"]),
        ("an te", ["Water the plants"]),
        ("b", ["back\\slash", "a OR b"]),
        ("水や", ["水やり"]),
        ("水", ["水やり"]),
        ("水やり", ["水やり"]),
        ("%", ["50% off"]),
        ("5_%", []),
        ("p%s", []),
        ("_", ["snake_case"]),
        ("ake_", ["snake_case"]),
        ("\\", ["back\\slash"]),
        ('"', ['"quoted" NEAR(x)']),
        ('"quoted"', ['"quoted" NEAR(x)']),
        ('d" NEAR(', ['"quoted" NEAR(x)']),
        ("near(x)", ['"quoted" NEAR(x)']),
        ("OR", ["a OR b"]),
        ("plants OR cactus", []),
        ("NOT plants", []),
        ("wat*", []),
        ("*", []),
        ("^water", []),
        ("text:water", []),
        ("-plants", []),
        ("'' OR 1=1 --", []),
        ("'; DROP TABLE tasks_task; --", []),
        ("plants" * 80, []),
        ("   plants\t\n", ["Water the plants"]),
        ("pl ants", ["Water the plants"]),
        (" ".join(f"w{number}" for number in range(120)), []),
    ],
)
def test_everything_is_plain_text(bo: User, found: Found, words: str, titles: list[str]) -> None:
    for title in ("Water the plants", "水やり", "50% off", "snake_case", "back\\slash", '"quoted" NEAR(x)', "a OR b"):
        a_task(bo, title)
    assert found(words) == titles


@pytest.mark.parametrize("nothing", ["", " ", "\t\n", "\u200b", "\u00ad"])
def test_no_words_match_every_task(bo: User, found: Found, nothing: str) -> None:
    a_task(bo, "One")
    assert found(nothing) == ["One"]


def test_words_that_are_too_long_are_refused(program: Program) -> None:
    answer = program.get("/api/tasks/?q=" + "x" * 501)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "q"


def test_people_find_only_what_they_see(bo: User, cy: User, mia: User, as_user: Somebody, found: Found) -> None:
    a_task(bo, "Water the roses")
    a_task(cy, "Water the lilies")
    shared = a_task(cy, "Water the ferns", assigned_to_id=bo.pk)
    assert found("water") == ["Water the roses", "Water the ferns"]
    assert found("water", "&created_by=me&has_due=false") == ["Water the roses"]
    assert len(as_user(mia).get("/api/tasks/?q=water").json()["results"]) == 3
    as_user(cy).patch(f"/api/tasks/{shared.pk}/", {"assigned_to": None})
    assert found("water") == ["Water the roses"]


def test_every_door_keeps_what_is_found(program: Program, found: Found, bo: User) -> None:
    one = program.post("/api/tasks/", {"title": "Äpfel", "description": "ernten"}).json()["id"]
    assert found("apfel ernten") == ["Äpfel"]
    program.patch(f"/api/tasks/{one}/", {"title": "Birnen"})
    assert (found("apfel"), found("birne ernten")) == ([], ["Birnen"])
    program.patch(f"/api/tasks/{one}/", {"description": "pflücken"})
    assert (found("ernten"), found("pflucken")) == ([], ["Birnen"])
    program.put(f"/api/tasks/{one}/", {"title": "Trauben"})
    assert (found("pflucken"), found("trau")) == ([], ["Trauben"])
    body = {"create": [{"title": "Kürbis"}], "update": [{"id": one, "title": "Möhren"}]}
    assert program.post("/api/tasks/bulk/", body).status_code == 200
    assert (found("kurbis"), found("mohren"), found("trauben")) == (["Kürbis"], ["Möhren"], [])
    repeating = {"title": "Gießen", "due_date": "2030-03-31", "recurrence": "FREQ=DAILY"}
    pk = program.post("/api/tasks/", repeating).json()["id"]
    program.patch(f"/api/tasks/{pk}/", {"status": "COMPLETED"})
    assert found("giessen") == ["Gießen", "Gießen"]
    program.patch(f"/api/tasks/{pk}/", {"status": "PENDING"})
    program.patch(f"/api/tasks/{pk}/", {"title": "Düngen", "status": "COMPLETED"})
    assert (found("giessen"), found("dung")) == ([], ["Düngen", "Düngen"])


def test_imported_tasks_are_found_and_sorted(program: Program, found: Found) -> None:
    for name in ("Über 10", "uber 9", "Zwiebeln"):
        csv = f"title,description\n{name},gesät\n"
        answer = program("POST", "/api/tasks/import/?format=csv", csv.encode(), **{"Content-Type": "text/csv"})
        assert answer.status_code in (200, 201), answer.content
    assert found("gesat uber") == ["Über 10", "uber 9"]
    page = program.get("/api/tasks/?ordering=title").json()
    assert [task["title"] for task in page["results"]] == ["uber 9", "Über 10", "Zwiebeln"]


def test_what_is_in_the_trash_is_not_found_until_it_is_restored(program: Program, found: Found, bo: User) -> None:
    pk = a_task(bo, "Water the plants").pk
    program.delete(f"/api/tasks/{pk}/")
    assert found("plants") == []
    program.post(f"/api/tasks/{pk}/restore/")
    assert found("plants") == ["Water the plants"]
    program.delete(f"/api/tasks/{pk}/")
    purge_deleted(NOW + timedelta(days=40_000))
    assert not SearchText.objects.filter(pk=pk).exists()


def test_the_demo_can_be_searched(db: None) -> None:
    fill(20)
    assert SearchText.objects.count() == Task.objects.count() >= 20


def test_the_sql_is_the_same_for_all_words(bo: User, found: Found) -> None:
    a_task(bo, "Water the plants")
    listing.cache_clear()
    for words in ("plants", "water", "cactus"):
        found(words)
    assert listing.cache_info().currsize == 1


def test_titles_sort_as_people_sort_page_after_page(program: Program, bo: User) -> None:
    titles = ["#1", "9 lives", "10 things", "apfel", "Apfel", "Äpfel", "Task 2", "task 10", "Zebra", "Ёлка", "йод"]
    for title in titles[::-1]:
        a_task(bo, title)
    for query in ("", "&page_size=2", "&page_size=2&cursor="):
        assert list(_titles(program, f"/api/tasks/?ordering=title{query}")) == titles
        assert list(_titles(program, f"/api/tasks/?ordering=-title{query}")) == titles[::-1]


def test_categories_sort_as_people_sort_also_when_renamed(program: Program) -> None:
    for name in ("Zoo", "garden 10", "Äcker", "Garden 9", "b"):
        assert program.post("/api/categories/", {"name": name}).status_code == 201
    pk = Category.objects.get(name="b").pk
    program.patch(f"/api/categories/{pk}/", {"name": "Öl"})
    for query in ("", "?page_size=2", "?page_size=2&cursor="):
        names = [row["name"] for row in _rows(program, f"/api/categories/{query}")]
        assert names == ["Äcker", "Garden 9", "garden 10", "Öl", "Zoo"]


def test_people_are_listed_and_found_by_their_names(bo: User, cy: User, as_user: Somebody) -> None:
    as_user(bo).patch("/api/profile/", {"first_name": "Émile", "last_name": "Ångström"})
    as_user(cy).patch("/api/profile/", {"first_name": "eli", "last_name": "Zuñiga"})
    cy_sees = as_user(cy)

    def names(query: str) -> list[str]:
        return [row["username"] for row in _rows(cy_sees, f"/api/users/{query}")]

    assert names("") == names("?page_size=1&cursor=") == names("?ordering=name") == ["cy", "bo"]
    assert names("?ordering=-name") == names("?ordering=id") == ["bo", "cy"]
    assert names("?q=angstrom%20emile") == names("?q=E%CC%81MIL") == names("?q=bo%20em") == ["bo"]
    assert names("?q=zuniga") == ["cy"]
    assert names("?q=_") == names("?q=%25") == []
    assert cy_sees.get("/api/users/?ordering=email").status_code == 400


def test_words_that_many_tasks_have_are_found_alike(
    bo: User, mia: User, as_user: Somebody, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in ("Water the plants", "Water the tree", "Plant a tree"):
        a_task(bo, title)
    for most in (0, 1, 2000):
        monkeypatch.setattr(search_text, "MAX_HITS", most)
        listing.cache_clear()
        assert found("tree the wat") == ["Water the tree"]
        assert found("wat er") == ["Water the plants", "Water the tree"]
        assert found("cactus") == []
        assert as_user(mia).get("/api/tasks/?q=wat%20tree").json()["count"] == 1
    listing.cache_clear()
