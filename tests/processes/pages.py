"""What people do in the back office, step by step through its pages."""
import re
import urllib.parse


def fill_structure(form, name, **other):
    form.set("name", name)
    form.set("ess_family", other.pop("ess_family", "association"))
    form.set("summary", other.pop("summary", "Une association inventée pour essayer le réseau, de bout en bout."))
    form.set("sectors", other.pop("sectors", "environnement"))
    form.set("address.postal_code", other.pop("postal_code", "38000"))
    form.set("address.commune", other.pop("commune", "Grenoble"))
    for field, value in other.items():
        form.set(field, value)
    return form


def create_structure(browser, name, then="submit", **fields):
    """Gives the address of the record in the back office."""
    page = browser.get("/espace/nouveau/structure")
    page = fill_structure(page.form("/espace/nouveau/structure"), name, **fields).submit(then)
    assert page.status == 200 and "/espace/fiches/" in page.url, f"{page.status} at {page.url}: {page.text[:1500]}"
    return urllib.parse.urlparse(page.url).path


def try_edit(browser, record, then=None, **fields):
    """Changes fields of a record by its form, whatever the answer; `then`: publish, submit or save."""
    form = browser.get(record + "/modifier").form("/modifier")
    for field, value in fields.items():
        form.set(field, value)
    return form.submit(then or "publish")


def edit(browser, record, then=None, **fields):
    """The same, and it must be taken."""
    page = try_edit(browser, record, then, **fields)
    assert page.status == 200 and "/modifier" not in page.url, f"{page.status} at {page.url}: {page.text[:1500]}"
    return page


def decide(browser, record, words, **fields):
    """Presses one of the buttons below a record."""
    form = browser.get(record).form_with(words)
    for field, value in fields.items():
        form.set(field, value)
    return form.submit(words)


def conflict_links(page):
    return [href for href, _ in page.links if "/conflit" in urllib.parse.urlparse(href).path]


def short(text):
    return re.sub(r"\s+", " ", text)[:600]
