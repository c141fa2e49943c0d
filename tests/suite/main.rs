//! All integration tests in one binary, so that linking is paid once.

mod architecture;
mod bookinfo;
mod corpus;
mod hostile;
mod lint;
mod mesh;
mod pre_commit;
mod rules;
mod shared;
