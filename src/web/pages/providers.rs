//! The buttons that lead to other providers.

/// One provider.
#[derive(Clone)]
pub struct ProviderButton {
    /// Its name in URLs.
    pub name: String,
    /// What people call it.
    pub label: String,
}

#[cfg(test)]
impl ProviderButton {
    pub fn samples() -> Vec<Self> {
        let button = |name: &str, label: &str| Self { name: name.into(), label: label.into() };
        vec![button("google", "Google"), button("example", "Example")]
    }
}
