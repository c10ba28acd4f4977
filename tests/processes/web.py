"""A person's browser without script: cookies, pages, links, forms as they stand in the page."""
import html.parser
import http.cookiejar
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Form:
    def __init__(self, page, attributes):
        self.page = page
        self.action = urllib.parse.urljoin(page.url, attributes.get("action") or page.url)
        self.method = attributes.get("method", "get").lower()
        self.is_multipart = attributes.get("enctype") == "multipart/form-data"
        self.files = {}  # name -> (file name, bytes) or None
        self.fields = []  # [name, value], in the page's order
        self.boxes = {}  # name -> values that could be ticked
        self.options = {}  # name -> values that could be chosen
        self.buttons = []  # (name, value, label)
        self.text = ""

    def names(self):
        return {name for name, _ in self.fields} | set(self.boxes) | set(self.options)

    def value(self, name):
        return next((value for known, value in self.fields if known == name), None)

    def set(self, name, *values):
        """What a person can do in this page: an input that is not in it cannot be filled."""
        assert name in self.names(), f"{self.page.url} has no input '{name}', only {sorted(self.names())}"
        offered = self.boxes.get(name, self.options.get(name))
        for value in values:
            assert offered is None or value in offered, f"'{name}' does not offer '{value}', only {offered}"
        where = next((i for i, field in enumerate(self.fields) if field[0] == name), len(self.fields))
        self.fields = [field for field in self.fields if field[0] != name]
        self.fields[where:where] = [[name, value] for value in values]
        return self

    def attach(self, name, file_name, content):
        assert name in self.files, f"{self.page.url} takes no file '{name}', only {sorted(self.files)}"
        self.files[name] = (file_name, content)
        return self

    def button(self, words):
        for name, value, label in self.buttons:
            if words == value or words.lower() in label.lower():
                return (name, value)
        raise AssertionError(f"{self.page.url}: no button '{words}' in {self.buttons}")

    def submit(self, words=None):
        fields = [tuple(field) for field in self.fields]
        if words is not None:
            name, value = self.button(words)
            if name:
                fields.append((name, value))
        return self.page.browser.send(self, fields)


class _Reader(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.page = page
        self.form = self.select = self.area = self.button = None
        self.silent = 0
        self.link = None

    def handle_starttag(self, tag, attrs):
        a = {name: value if value is not None else "" for name, value in attrs}
        if tag in ("script", "style"):
            self.silent += 1
        if tag == "form":
            self.form = Form(self.page, a)
            self.page.forms.append(self.form)
        elif tag == "img":
            self.page.pictures.append(a)
        elif tag == "a" and a.get("href"):
            self.link = [urllib.parse.urljoin(self.page.url, a["href"]), ""]
        elif self.form is None:
            pass
        elif tag == "input" and a.get("name"):
            kind = a.get("type", "text")
            if kind in ("checkbox", "radio"):
                value = a.get("value", "on")
                self.form.boxes.setdefault(a["name"], []).append(value)
                if "checked" in a:
                    self.form.fields.append([a["name"], value])
            elif kind == "file":
                self.form.files[a["name"]] = None
            elif kind != "submit":
                self.form.fields.append([a["name"], a.get("value", "")])
        elif tag == "textarea":
            self.area = [a.get("name", ""), ""]
        elif tag == "select":
            self.select = a.get("name", "")
            self.form.options[self.select] = []
        elif tag == "option" and self.select is not None:
            value = a.get("value", "")
            if not self.form.options[self.select] or "selected" in a:
                self.form.fields = [f for f in self.form.fields if f[0] != self.select]
                self.form.fields.append([self.select, value])
            self.form.options[self.select].append(value)
        elif tag == "button" and a.get("type", "submit") == "submit":
            self.button = [a.get("name"), a.get("value", ""), ""]

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.silent -= 1
        elif tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea" and self.area is not None and self.form is not None:
            # The first line break after the tag is not part of the value.
            self.form.fields.append([self.area[0], self.area[1].removeprefix("\n")])
            self.area = None
        elif tag == "button" and self.button is not None and self.form is not None:
            self.form.buttons.append(tuple([self.button[0], self.button[1], self.button[2].strip()]))
            self.button = None
        elif tag == "a" and self.link is not None:
            self.page.links.append((self.link[0], " ".join(self.link[1].split())))
            self.link = None

    def handle_data(self, data):
        if self.silent:
            return
        self.page.text += data
        for target in (self.area, ):
            if target is not None:
                target[1] += data
        if self.button is not None:
            self.button[2] += data
        if self.link is not None:
            self.link[1] += data
        if self.form is not None:
            self.form.text += data


class Page:
    def __init__(self, browser, url, status, headers, body):
        self.browser, self.url, self.status, self.headers, self.body = browser, url, status, headers, body
        self.forms, self.links, self.pictures, self.text = [], [], [], ""
        if headers.get_content_type() == "text/html":
            self.html = body.decode("utf-8")
            _Reader(self).feed(self.html)
            self.text = " ".join(self.text.split())

    def json(self):
        return json.loads(self.body)

    def form(self, part):
        """The first form whose address contains `part`."""
        for form in self.forms:
            if part in urllib.parse.urlparse(form.action).path and form.method == "post":
                return form
        raise AssertionError(f"{self.url} ({self.status}): no form for '{part}': {[f.action for f in self.forms]}: {self.text[:400]}")

    def form_with(self, words):
        """The first form of a POST with a button that says `words`."""
        for form in self.forms:
            if form.method == "post" and any(words.lower() in button[2].lower() for button in form.buttons):
                return form
        raise AssertionError(f"{self.url} ({self.status}): no form with a button '{words}': "
                             f"{[f.buttons for f in self.forms]}: {self.text[:600]}")


def multipart(fields, files):
    """As RFC 7578 has it; an input without a file is sent as an empty one, as browsers do."""
    boundary = "limite-" + secrets.token_hex(16)
    parts = [(f'name="{name}"', value.encode()) for name, value in fields]
    for name, file in files.items():
        file_name, content = file or ("", b"")
        parts.append((f'name="{name}"; filename="{file_name}"\r\nContent-Type: application/octet-stream', content))
    body = b"".join(b"--" + boundary.encode() + b"\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
                    for head, content in parts)
    return f"multipart/form-data; boundary={boundary}", body + b"--" + boundary.encode() + b"--\r\n"


class Browser:
    def __init__(self, base):
        self.base = base
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar))

    def open(self, request):
        request.add_header("Accept", "text/html,*/*")
        try:
            with self.opener.open(request, timeout=60) as answer:
                return Page(self, answer.geturl(), answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as answer:
            with answer:
                return Page(self, answer.geturl(), answer.code, answer.headers, answer.read())

    def get(self, address):
        return self.open(urllib.request.Request(urllib.parse.urljoin(self.base, address)))

    def send(self, form, fields):
        data = urllib.parse.urlencode(fields)
        if form.method == "get":
            return self.get(form.action.split("?")[0] + "?" + data)
        kind, data = ("application/x-www-form-urlencoded", data.encode()) if not form.is_multipart else multipart(fields, form.files)
        request = urllib.request.Request(form.action, data, method="POST")
        request.add_header("Content-Type", kind)
        request.add_header("Origin", self.base)
        request.add_header("Sec-Fetch-Site", "same-origin")
        return self.open(request)

    def log_in(self, email, password):
        form = self.get("/espace").form("/espace/connexion")
        page = form.set("courriel", email).set("mot_de_passe", password).submit()
        assert page.status == 200 and "/espace" in page.url and "connexion" not in page.url, \
            f"log-in of a known account: {page.status} at {page.url}"
        return page
