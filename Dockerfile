# The image holds one static program, the root certificates and an empty folder for what it keeps.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w -X=main.version=$VERSION" -o /out/accord ./cmd/accord \
 && mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/accord /accord
COPY --from=build --chown=65532:65532 /out/data /var/lib/accord
USER 65532:65532
WORKDIR /var/lib/accord
ENV ACCORD_LISTEN=:8081
EXPOSE 8081
ENTRYPOINT ["/accord"]
CMD ["serve"]
