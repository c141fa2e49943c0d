# An image with the static binary alone:
#   docker build -t mesh . && docker run --rm -v "$PWD:/work" mesh lint manifests
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY . .
RUN cargo build --release --locked && strip target/release/mesh

FROM scratch
COPY --from=build /src/target/release/mesh /mesh
WORKDIR /work
USER 65534:65534
ENTRYPOINT ["/mesh"]
