#!/bin/sh
# A stand-in for helm: `helm template` of charts whose templates have simple placeholders only. It refuses what the real one
# would refuse, and logs its arguments.
echo "$*" >> "${0%/*}/log"
[ "$1" = template ] || exit 9
release=$2 chart=$3
shift 3
values=$chart/values.yaml
for argument; do
  case $argument in
  --namespace=*) namespace=${argument#*=} ;;
  --values=*) values="$values ${argument#*=}" ;;
  --skip-tests | --api-versions=*) ;;
  *) echo "Error: unknown flag: $argument" >&2 && exit 1 ;;
  esac
done
name=$(sed -n 's/^name: //p' "$chart/Chart.yaml")
port=$(cat $values | sed -n 's/^port: //p' | tail -n 1)
if [ "$port" = '""' ]; then
  echo "Error: execution error at ($name/templates/service.yaml:8:30): set a port" >&2
  echo "
Use --debug flag to render out invalid YAML" >&2
  exit 1
fi
# Helm sorts resources by kind: Services come first.
for template in "$chart"/templates/service.yaml "$chart"/templates/*.yaml; do
  [ "$template" != "$last" ] || continue
  last=$chart/templates/service.yaml
  echo "---
# Source: $name/templates/${template##*/}"
  sed -e "s/{{ .Release.Name }}/$release/" -e "s/{{ .Release.Namespace }}/$namespace/" \
    -e "s/{{ required \"set a port\" .Values.port }}/$port/" "$template"
done
