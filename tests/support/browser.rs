//! A person's browser without JavaScript: cookies, pages, and forms that are filled in and sent.

use reqwest::header::HeaderName;
use reqwest::{Response, StatusCode};

use super::TestApp;

pub struct Browser {
    http: reqwest::Client,
    base: String,
}

/// The first POST form of a page.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Every form of a page that posts to `action`.
    pub fn all(html: &str, action: &str) -> Vec<Self> {
        let starts = html.match_indices("<form").map(|(at, _)| at);
        starts.map(|at| Self::read(&html[at..])).filter(|form| form.action == action).collect()
    }

    /// The form that posts to `action` with `value` in a field.
    pub fn with(html: &str, action: &str, value: &str) -> Self {
        let forms = Self::all(html, action);
        let found = forms.into_iter().find(|form| form.fields.iter().any(|(_, v)| v == value));
        found.unwrap_or_else(|| panic!("no form to {action} with {value} in:\n{html}"))
    }

    /// The form that posts to this path.
    pub fn of(html: &str, action: &str) -> Self {
        // With or without a query that says what the form is about.
        let marks = ["\"", "?"].map(|end| format!(" action=\"{action}{end}"));
        let at = marks.iter().find_map(|mark| html.find(mark));
        let at = at.unwrap_or_else(|| panic!("no form to {action} in:\n{html}"));
        Self::read(&html[html[..at].rfind("<form").unwrap()..])
    }

    pub fn read(html: &str) -> Self {
        let start = html.find("<form").unwrap_or_else(|| panic!("no form in:\n{html}"));
        let end = html[start..].find("</form>").unwrap() + start;
        let form = &html[start..end];
        let action = attribute(&form[..form.find('>').unwrap()], "action").expect("form action");
        let mut fields = Vec::new();
        for tag in form.split("<input").skip(1) {
            let tag = &tag[..tag.find('>').unwrap()];
            let ticked = attribute(tag, "type").as_deref() != Some("checkbox") || tag.contains(" checked");
            if let Some(name) = attribute(tag, "name").filter(|_| ticked && !tag.contains(" disabled")) {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
        for tag in form.split("<textarea").skip(1) {
            let (head, rest) = tag.split_once('>').unwrap();
            let text = rest.split_once("</textarea>").unwrap().0;
            if let Some(name) = attribute(head, "name") {
                fields.push((name, unescape(text.strip_prefix('\n').unwrap_or(text))));
            }
        }
        for tag in form.split("<select").skip(1) {
            let (head, rest) = tag.split_once('>').unwrap();
            let options = rest.split_once("</select>").unwrap().0;
            let chosen = options
                .split("<option")
                .skip(1)
                .find(|o| o.contains(" selected"))
                .or_else(|| options.split("<option").nth(1));
            if let (Some(name), Some(option)) = (attribute(head, "name"), chosen) {
                fields.push((name, attribute(option, "value").unwrap_or_default()));
            }
        }
        Self { action, fields }
    }

    /// Adds one more value under a name.
    #[must_use]
    pub fn add(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self
    }

    pub fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let from = tag.find(&format!("{name}=\""))? + name.len() + 2;
    let value = &tag[from..from + tag[from..].find('"')?];
    Some(unescape(value))
}

/// The character references askama writes.
fn unescape(text: &str) -> String {
    let mut out = text.to_owned();
    for (reference, character) in
        [("&#34;", "\""), ("&#38;", "&"), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">")]
    {
        out = out.replace(reference, character);
    }
    out.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

impl Browser {
    pub fn new(app: &TestApp) -> Self {
        let http = app.http_builder().cookie_store(true).build().unwrap();
        Self { http, base: app.url.clone() }
    }

    /// A browser whose requests carry more headers: another `Host`, or a proxy's word on where it is.
    pub fn with_headers(app: &TestApp, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(n, v)| (HeaderName::from_static(n), v.parse().unwrap())).collect();
        let http = app.http_builder().cookie_store(true).default_headers(headers).build().unwrap();
        Self { http, base: app.url.clone() }
    }

    fn url(&self, target: &str) -> String {
        if target.starts_with('/') { format!("{}{target}", self.base) } else { target.to_owned() }
    }

    pub async fn get(&self, target: &str) -> Response {
        self.http.get(self.url(target)).send().await.unwrap()
    }

    /// The page that a form leads to, which must be there.
    pub async fn shown(&self, form: &Form) -> String {
        let response = self.send(form).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{}: {text}", form.action);
        text
    }

    /// A page that must be there.
    pub async fn page(&self, target: &str) -> String {
        let response = self.get(target).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{target}: {text}");
        text
    }

    pub async fn send(&self, form: &Form) -> Response {
        self.http.post(self.url(&form.action)).form(&form.fields).send().await.unwrap()
    }

    /// Sends a form with a file in the field `name`, as `multipart/form-data`.
    pub async fn upload(&self, form: &Form, name: &str, file: &[u8]) -> Response {
        const MARK: &str = "----the-mark-between-two-parts";
        let mut body = Vec::new();
        for (field, value) in &form.fields {
            let head =
                format!("--{MARK}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
            body.extend(head.into_bytes());
        }
        let head = format!(
            "--{MARK}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x.svg\"\r\n\
             Content-Type: image/svg+xml\r\n\r\n"
        );
        body.extend([head.as_bytes(), file, format!("\r\n--{MARK}--\r\n").as_bytes()].concat());
        let request = self.http.post(self.url(&form.action));
        let kind = format!("multipart/form-data; boundary={MARK}");
        request.header("content-type", kind).body(body).send().await.unwrap()
    }

    pub async fn sign_in(&self, email: &str, password: &str) {
        let form = Form::read(&self.page("/login").await).set("email", email).set("password", password);
        let response = self.send(&form).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{}", response.text().await.unwrap());
    }

    /// The form of a page that leads to this address.
    pub async fn form_to(&self, target: &str, action: &str) -> Form {
        let page = self.page(target).await;
        let at =
            page.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no {action} in:\n{page}"));
        let start = page[..at].rfind("<form").unwrap();
        Form::read(&page[start..])
    }

    /// Signs in once more on the browser where somebody is signed in.
    pub async fn sign_in_again(&self) {
        let form = Form::read(&self.page("/login?switch=1").await);
        let form = form.set("email", super::EMAIL).set("password", super::PASSWORD);
        assert_eq!(self.send(&form).await.status(), StatusCode::SEE_OTHER);
    }

    /// Follows an authorization request to the consent page.
    pub async fn consent_form(&self, authorize: &str) -> Form {
        let response = self.get(authorize).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{}", response.text().await.unwrap());
        let consent = location(&response);
        assert!(consent.starts_with("/consent?"), "{consent}");
        Form::read(&self.page(&consent).await)
    }

    /// Allows an authorization request; returns where the client is answered.
    pub async fn allow(&self, authorize: &str) -> String {
        let form = self.consent_form(authorize).await.set("decision", "allow");
        let response = self.send(&form).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{}", response.text().await.unwrap());
        location(&response)
    }
}

/// Where a redirect leads.
pub fn location(response: &Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// The first cookie a response sets under a name: its value, and everything after it.
pub fn cookie_of(response: &Response, name: &str) -> Option<(String, String)> {
    response.headers().get_all("set-cookie").iter().find_map(|header| {
        let (pair, attributes) = header.to_str().unwrap().split_once(';').unwrap();
        let (found, value) = pair.split_once('=').unwrap();
        (found == name).then(|| (value.to_owned(), attributes.to_owned()))
    })
}

/// What a browser shows of a page: its text without the markup.
pub fn text_of(html: &str) -> String {
    let main = html.split_once("<main").map_or(html, |(_, rest)| rest);
    let main = main.split_once("</main>").map_or(main, |(inner, _)| inner);
    let mut text = String::new();
    let mut in_tag = true;
    for character in main.chars() {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                text.push(' ');
            }
            _ if !in_tag => text.push(character),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
