//! The notations of placeholders, and the tools that replace them.

/// A notation of placeholders. Each belongs to one kind of tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notation {
    /// `{{ .Values.name }}` of Helm.
    Helm,
    /// `{{ name }}` of Jinja, Ansible, and other users of double braces.
    DoubleBraces,
    /// `${NAME}` of envsubst, Flux and Terraform.
    Braces,
    /// `$NAME` of envsubst.
    Dollar,
    /// `$(NAME)` of kustomize `vars`.
    Parentheses,
    /// `${{NAME}}` of OpenShift Templates.
    OpenShift,
    /// `NAME_PLACEHOLDER`, or a part of a host in capitals: usually the default of a kustomize replacement.
    Word,
    /// `<NAME>` and `<<NAME>>`.
    Angles,
    /// `<path:PATH#KEY>` of the Vault plugin of Argo CD.
    VaultPath,
    /// `__NAME__`.
    Underscores,
    /// `%NAME%`.
    Percents,
    /// `@NAME@` of Maven and autoconf.
    Ats,
    /// `###ZARF_VAR_NAME###` of Zarf.
    Zarf,
    /// `###NAME###`.
    Hashes,
    /// `#{NAME}` of Octopus Deploy, `#{NAME}#` of Azure Pipelines.
    HashBraces,
    /// `{NAME}`.
    SingleBraces,
    /// `[[ NAME ]]`.
    Brackets,
    /// `((NAME))` of Concourse and BOSH.
    DoubleParentheses,
    /// `(@= NAME @)` of ytt.
    Ytt,
    /// `ENC[…]` of SOPS.
    Sops,
    /// `ref+vault://…` of vals, `vault:PATH#KEY` of Bank-Vaults.
    SecretReference,
}

impl Notation {
    /// An example of the notation, as messages show it.
    pub fn example(self) -> &'static str {
        match self {
            Self::Helm => "{{ .Values.name }}",
            Self::DoubleBraces => "{{ name }}",
            Self::Braces => "${NAME}",
            Self::Dollar => "$NAME",
            Self::Parentheses => "$(NAME)",
            Self::OpenShift => "${{NAME}}",
            Self::Word => "NAME_PLACEHOLDER",
            Self::Angles => "<NAME>",
            Self::VaultPath => "<path:PATH#KEY>",
            Self::Underscores => "__NAME__",
            Self::Percents => "%NAME%",
            Self::Ats => "@NAME@",
            Self::Zarf => "###ZARF_VAR_NAME###",
            Self::Hashes => "###NAME###",
            Self::HashBraces => "#{NAME}",
            Self::SingleBraces => "{NAME}",
            Self::Brackets => "[[ NAME ]]",
            Self::DoubleParentheses => "((NAME))",
            Self::Ytt => "(@= NAME @)",
            Self::Sops => "ENC[…]",
            Self::SecretReference => "ref+vault://PATH",
        }
    }

    /// The tool that replaces the placeholders, if the notation belongs to one.
    fn tool(self) -> Option<&'static str> {
        match self {
            Self::Helm => Some("`helm template`"),
            Self::Braces => Some("`envsubst`, or of `flux envsubst` if Flux applies the files"),
            Self::Dollar => Some("`envsubst`"),
            Self::Parentheses | Self::Word => Some("`kustomize build`, or of the tool that replaces them"),
            Self::OpenShift => Some("`oc process`"),
            Self::VaultPath => Some("`argocd-vault-plugin generate`"),
            Self::Zarf => Some("`zarf dev inspect manifests`"),
            Self::Ytt => Some("`ytt`"),
            Self::Sops => Some("`sops decrypt`"),
            Self::SecretReference => Some("`vals eval`"),
            Self::DoubleBraces
            | Self::Angles
            | Self::Underscores
            | Self::Percents
            | Self::Ats
            | Self::Hashes
            | Self::HashBraces
            | Self::SingleBraces
            | Self::Brackets
            | Self::DoubleParentheses => None,
        }
    }

    /// A sentence that says why the values in some files are not checked, and what to do.
    pub fn describe(self, files: &str) -> String {
        let example = self.example();
        match self.tool() {
            Some(tool) => {
                format!("placeholders such as `{example}` are not replaced ({files}); lint the output of {tool}")
            }
            None => {
                format!(
                    "placeholders such as `{example}` are not replaced ({files}); lint the output of the tool that does it"
                )
            }
        }
    }
}
