//! YAML inside of a string of a kustomization.
