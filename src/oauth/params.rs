//! Request parameters: raw pairs, each at most once unless a rule says otherwise.

use super::error::{Code, Reason, Refusal};

/// The longest query or form body that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;
/// The most parameters a request may have.
const MAX_PARAMS: usize = 64;

/// Parsed `application/x-www-form-urlencoded` pairs in the order they came.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl std::fmt::Debug for Params {
    /// Names only: values may be codes, verifiers or secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Params {
    /// Reads a query string or a form body.
    ///
    /// # Errors
    /// `invalid_request` when it is too long, has too many parameters, a NUL, or is not UTF-8.
    pub fn parse(raw: &[u8]) -> Result<Self, Refusal> {
        Self::parse_within(raw, MAX_BYTES)
    }

    /// The same with another bound, in bytes.
    pub fn parse_within(raw: &[u8], limit: usize) -> Result<Self, Refusal> {
        if raw.len() > limit {
            return Err(Refusal::malformed("the request has too many bytes of parameters"));
        }
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(raw)
            .map_err(|_| Refusal::malformed("the parameters are not form-urlencoded UTF-8"))?;
        let holds = |character| pairs.iter().any(|(n, v)| n.contains(character) || v.contains(character));
        if holds('\0') {
            return Err(Refusal::malformed("the parameters contain a NUL character"));
        }
        // What the decoder writes for bytes that are not UTF-8: passing it on would change what was sent.
        if holds(char::REPLACEMENT_CHARACTER) {
            return Err(Refusal::malformed("the parameters are not form-urlencoded UTF-8"));
        }
        if pairs.len() > MAX_PARAMS {
            return Err(Refusal::malformed("the request has too many parameters"));
        }
        Ok(Self(pairs))
    }

    /// Pairs that are known already, e.g. of a JSON body or a test.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// A parameter's value. One without a value counts as omitted (RFC 6749 §3.1).
    ///
    /// # Errors
    /// `invalid_request` when it is given twice (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::new(
                Code::InvalidRequest,
                Reason::DuplicateParameter,
                format!("{name} is given more than once"),
            ));
        }
        Ok(first.filter(|v| !v.is_empty()))
    }

    /// Fails when any parameter is given twice, but for `group`.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn each_once_but(&self, group: Option<&str>) -> Result<(), Refusal> {
        self.each_once_unless(|name| Some(name) == group)
    }

    /// Fails when any parameter is given twice, but for those that `may_repeat`.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn each_once_unless(&self, may_repeat: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        self.0
            .iter()
            .map(|(n, _)| n.as_str())
            .filter(|n| !may_repeat(n))
            .try_for_each(|n| self.get(n).map(drop))
    }

    /// A parameter that must be there.
    pub fn require(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)?.ok_or_else(|| Refusal::missing(name))
    }

    /// Every value of a repeated parameter.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The first value, whatever else there is. Only for reporting.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// The pairs without those of this name.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(n, _)| n != name).cloned().collect())
    }

    /// The pairs with this one in place of any of its name.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let Self(mut pairs) = self.without(name);
        pairs.push((name.to_owned(), value.to_owned()));
        Self(pairs)
    }

    /// The pairs as a query string.
    pub fn to_query(&self) -> String {
        serde_urlencoded::to_string(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_refused_and_empty_values_count_as_omitted() {
        let params = Params::parse(b"a=1&b=&c=1&c=2").unwrap();
        assert_eq!(params.get("a"), Ok(Some("1")));
        assert_eq!(params.get("b"), Ok(None));
        assert_eq!(params.get("c").unwrap_err().reason, Reason::DuplicateParameter);
        assert_eq!(params.get("d"), Ok(None));
        assert!(Params::parse(&vec![b'a'; MAX_BYTES + 1]).is_err());
    }

    #[test]
    fn values_do_not_print() {
        assert_eq!(format!("{:?}", Params::parse(b"code=secret").unwrap()), "[\"code\"]");
    }
}
