//! Trusted issuers and their rules. Adding posts `csrf`, `kind`, `name`, `issuer`, `keys_from`, `jwks_uri`, `jwks`,
//! `algorithms[]`, and of a platform `single_use`, of a company `trusted_domains`, `vouches`, `admits`, `client_ids`, `scopes`;
//! changing `version` instead of `kind` and `issuer`. A rule posts `claims`, `client_id`, `resource_id`, `scopes`.

use askama::Template;

use super::super::filters;
use super::{Area, Choice, Problems, Shell};

/// The list.
#[derive(Template)]
#[template(path = "admin/issuers/list.html")]
pub struct IssuersPage {
    pub shell: Shell,
    pub issuers: Vec<IssuerLine>,
}

/// One issuer of a list.
pub struct IssuerLine {
    pub id: String,
    pub name: String,
    pub issuer: String,
    pub vouches_for: &'static str,
    pub is_disabled: bool,
}

/// What is typed of an issuer.
pub struct IssuerForm {
    pub name: String,
    pub issuer: String,
    pub keys_from: String,
    pub jwks_uri: String,
    pub jwks: String,
    pub algorithms: Vec<Choice>,
    pub single_use: bool,
    pub trusted_domains: String,
    pub vouches: bool,
    pub admits: bool,
    pub client_ids: String,
    pub scopes: String,
}

impl IssuerForm {
    /// Where keys can be.
    pub const KEYS: [(&'static str, &'static str); 3] = [
        ("discovery", "found by itself, from the issuer"),
        ("uri", "at the address below"),
        ("inline", "in the set below"),
    ];
}

/// An issuer that is added or changed.
#[derive(Template)]
#[template(path = "admin/issuers/form.html")]
pub struct IssuerFormPage {
    pub shell: Shell,
    /// Of one that is there.
    pub id: Option<String>,
    /// Its name as it is.
    pub title: String,
    pub action: String,
    pub version: i64,
    pub is_enterprise: bool,
    pub form: IssuerForm,
    pub problems: Problems,
    /// Somebody else was faster: how it stands now.
    pub now: Option<Vec<(&'static str, String)>>,
}

/// Hints of its own kind.
impl IssuerFormPage {
    const fn name_hint(&self) -> &'static str {
        if self.is_enterprise {
            "For you, in lists and in the audit trail, e.g. Acme."
        } else {
            "For you, in lists and in the audit trail, e.g. GitHub Actions."
        }
    }

    const fn issuer_hint(&self) -> &'static str {
        if self.is_enterprise {
            "Exactly as its assertions say it in iss, e.g. https://acme.okta.com. It cannot be changed later."
        } else {
            "Exactly as its tokens say it in iss. It cannot be changed later. GitHub Actions: https://token.actions.githubusercontent.com. GitLab: https://gitlab.com."
        }
    }

    const fn keys_hint(&self) -> &'static str {
        if self.is_enterprise {
            "A provider that this server cannot reach: paste the set."
        } else {
            "A cluster whose addresses only it can reach: paste the set."
        }
    }
}

/// One issuer.
#[derive(Template)]
#[template(path = "admin/issuers/one.html")]
pub struct IssuerPage {
    pub shell: Shell,
    pub line: IssuerLine,
    pub facts: Vec<(&'static str, String)>,
    /// Nothing for one that has none.
    pub rules: Option<Vec<RuleLine>>,
    pub tested: Option<TestedView>,
}

/// What a look at its keys found.
pub struct TestedView {
    pub is_good: bool,
    pub sentence: String,
}

/// One rule.
pub struct RuleLine {
    pub id: String,
    /// `claim = value`.
    pub conditions: Vec<String>,
    pub client: String,
    pub resource: String,
    pub scopes: Option<String>,
}

/// What is typed of a rule.
#[derive(Default)]
pub struct RuleForm {
    pub claims: String,
    pub client_id: String,
    pub resource_id: String,
    pub scopes: String,
}

/// A rule that is added or changed.
#[derive(Template)]
#[template(path = "admin/issuers/rule.html")]
pub struct RuleFormPage {
    pub shell: Shell,
    pub line: IssuerLine,
    pub id: Option<String>,
    pub version: i64,
    pub form: RuleForm,
    /// Id and name.
    pub resources: Vec<(String, String)>,
    pub problems: Problems,
    pub now: Option<Vec<(&'static str, String)>>,
}

/// Asks before an issuer is deleted.
#[derive(Template)]
#[template(path = "admin/issuers/delete.html")]
pub struct DeleteIssuerPage {
    pub shell: Shell,
    pub line: IssuerLine,
    pub problems: Problems,
}

/// Asks before a rule is deleted.
#[derive(Template)]
#[template(path = "admin/issuers/rule_delete.html")]
pub struct DeleteRulePage {
    pub shell: Shell,
    pub line: IssuerLine,
    pub rule: RuleLine,
}

#[cfg(test)]
pub mod samples {
    use super::*;
    use crate::admin::Problem;

    fn line(t: &str) -> IssuerLine {
        IssuerLine {
            id: "iss_1".into(),
            name: t.into(),
            issuer: t.into(),
            vouches_for: "programs it runs",
            is_disabled: false,
        }
    }

    fn rule(t: &str) -> RuleLine {
        RuleLine {
            id: "isr_1".into(),
            conditions: vec![t.into(), t.into()],
            client: t.into(),
            resource: t.into(),
            scopes: Some(t.into()),
        }
    }

    fn form(t: &str) -> IssuerFormPage {
        IssuerFormPage {
            shell: Shell::filled(t, Area::Issuers),
            id: Some("iss_1".into()),
            title: t.into(),
            action: "/admin/issuers/iss_1/edit".into(),
            version: 1,
            is_enterprise: true,
            form: IssuerForm {
                name: t.into(),
                issuer: t.into(),
                keys_from: "uri".into(),
                jwks_uri: t.into(),
                jwks: t.into(),
                algorithms: vec![Choice { name: "RS256".into(), ticked: true }],
                single_use: true,
                trusted_domains: t.into(),
                vouches: true,
                admits: true,
                client_ids: t.into(),
                scopes: t.into(),
            },
            problems: Problems(vec![Problem::new("name", t), Problem::new("algorithms", t)]),
            now: Some(vec![("Name", t.into())]),
        }
    }

    fn rule_form(t: &str) -> RuleFormPage {
        RuleFormPage {
            shell: Shell::filled(t, Area::Issuers),
            line: line(t),
            id: Some("isr_1".into()),
            version: 1,
            form: RuleForm {
                claims: t.into(),
                client_id: t.into(),
                resource_id: "res_1".into(),
                scopes: t.into(),
            },
            resources: vec![("res_1".into(), t.into())],
            problems: Problems(vec![Problem::new("claims", t)]),
            now: Some(vec![("Conditions", t.into())]),
        }
    }

    fn one(t: &str) -> IssuerPage {
        IssuerPage {
            shell: Shell::filled(t, Area::Issuers),
            line: line(t),
            facts: vec![("Issuer", t.into())],
            rules: Some(vec![rule(t), RuleLine { scopes: None, ..rule(t) }]),
            tested: Some(TestedView { is_good: true, sentence: t.into() }),
        }
    }

    fn render(name: &'static str, page: impl Template) -> (&'static str, String) {
        (name, page.render().unwrap())
    }

    /// Every page, and the states of it that look different.
    pub fn samples() -> Vec<(&'static str, String)> {
        let shell = || Shell::sample(Area::Issuers);
        let t = "GitHub Actions";
        let new = IssuerFormPage {
            shell: shell(),
            id: None,
            is_enterprise: false,
            problems: Problems::default(),
            now: None,
            ..form(t)
        };
        let company = IssuerFormPage { id: None, problems: Problems::default(), now: None, ..form(t) };
        let disabled = IssuerLine { is_disabled: true, ..line(t) };
        let off = IssuerPage {
            line: IssuerLine { is_disabled: true, ..line(t) },
            rules: None,
            tested: Some(TestedView { is_good: false, sentence: "It does not answer in time.".into() }),
            ..one(t)
        };
        let rule_new =
            RuleFormPage { id: None, problems: Problems::default(), now: None, ..rule_form("sub = acme") };
        let delete = DeleteIssuerPage { shell: shell(), line: line(t), problems: Problems::default() };
        vec![
            render("admin-issuers", IssuersPage { shell: shell(), issuers: vec![line(t), disabled] }),
            render("admin-issuers-none", IssuersPage { shell: shell(), issuers: Vec::new() }),
            render("admin-issuer-new", new),
            render("admin-issuer-new-company", company),
            render("admin-issuer-changed", form(t)),
            render("admin-issuer", IssuerPage { tested: None, ..one(t) }),
            render("admin-issuer-without-rules", IssuerPage { rules: Some(Vec::new()), ..one(t) }),
            render("admin-issuer-disabled", off),
            render("admin-issuer-delete", delete),
            render("admin-issuer-rule-add", rule_new),
            render("admin-issuer-rule-changed", rule_form(t)),
            render(
                "admin-issuer-rule-delete",
                DeleteRulePage { shell: shell(), line: line(t), rule: rule(t) },
            ),
        ]
    }

    /// With one text wherever a stranger's could stand.
    pub fn filled(t: &str) -> Vec<(&'static str, String)> {
        let shell = || Shell::filled(t, Area::Issuers);
        let problems = Problems(vec![Problem::new("typed", t)]);
        vec![
            render("admin-issuers", IssuersPage { shell: shell(), issuers: vec![line(t)] }),
            render("admin-issuer-form", form(t)),
            render("admin-issuer", one(t)),
            render("admin-issuer-delete", DeleteIssuerPage { shell: shell(), line: line(t), problems }),
            render("admin-issuer-rule", rule_form(t)),
            render(
                "admin-issuer-rule-delete",
                DeleteRulePage { shell: shell(), line: line(t), rule: rule(t) },
            ),
        ]
    }
}
