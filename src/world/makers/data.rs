//! Operators of databases, brokers and object stores.

use super::table::Product::{Account, AnyPods, Pods, Secret, Service};
use super::table::{MakerKind, by_name, exact};

const STRIMZI: &[&str] = &["kafka.strimzi.io"];
const CNPG: &[&str] = &["postgresql.cnpg.io"];
const REDIS: &[&str] = &["redis.redis.opstreelabs.in", "redis.redis.opstreelabs.io"];

pub(super) static MAKERS: &[MakerKind] = &[
    // Strimzi: `KafkaResources`, `ListenersUtils`.
    by_name(
        STRIMZI,
        "Kafka",
        &[
            Service("{}-kafka-bootstrap", "9091 9092 9093 {spec.kafka.listeners[].port}"),
            Service("{}-kafka-brokers", "9090 9091 9092 9093 8443 {spec.kafka.listeners[].port}"),
            Service("{}-kafka-{spec.kafka.listeners[].name}-bootstrap", ""),
            Service("{}-zookeeper-client", "2181"),
            Service("{}-zookeeper-nodes", "2181 2888 3888"),
            Service("{}-cruise-control", "9090"),
            Pods(
                "strimzi.io/cluster={} strimzi.io/kind=Kafka strimzi.io/name={}-kafka strimzi.io/component-type=kafka",
            ),
            Pods("strimzi.io/cluster={} strimzi.io/kind=Kafka strimzi.io/name={}-zookeeper"),
            Pods("strimzi.io/cluster={} strimzi.io/kind=Kafka strimzi.io/name={}-entity-operator"),
            Account("{}-kafka"),
            Account("{}-zookeeper"),
            Account("{}-entity-operator"),
            Secret("{}-cluster-ca-cert"),
            Secret("{}-clients-ca-cert"),
        ],
    ),
    exact(
        STRIMZI,
        "KafkaBridge",
        &[
            Service("{}-bridge-service", "{spec.http.port|8080}"),
            Account("{}-bridge"),
            Pods("strimzi.io/cluster={} strimzi.io/kind=KafkaBridge strimzi.io/name={}-bridge"),
        ],
    ),
    exact(
        STRIMZI,
        "KafkaConnect",
        &[
            Service("{}-connect-api", "8083"),
            Service("{}-connect", ""),
            Account("{}-connect"),
            Pods("strimzi.io/cluster={} strimzi.io/kind=KafkaConnect strimzi.io/name={}-connect"),
        ],
    ),
    exact(
        STRIMZI,
        "KafkaMirrorMaker2",
        &[
            Service("{}-mirrormaker2-api", "8083"),
            Account("{}-mirrormaker2"),
            Pods("strimzi.io/cluster={} strimzi.io/kind=KafkaMirrorMaker2 strimzi.io/name={}-mirrormaker2"),
        ],
    ),
    exact(STRIMZI, "KafkaUser", &[Secret("{spec.template.secret.metadata.name|}")]),
    exact(STRIMZI, "KafkaNodePool", &[Pods("strimzi.io/pool-name={}")]),
    exact(STRIMZI, "*", &[]),
    // CloudNativePG: `api/v1/cluster_funcs.go`.
    by_name(
        CNPG,
        "Cluster",
        &[
            Service("{}-rw", "5432"),
            Service("{}-ro", "5432"),
            Service("{}-r", "5432"),
            Service("{}-any", "5432"),
            Service("{spec.managed.services.additional[].serviceTemplate.metadata.name}", "5432"),
            Pods("cnpg.io/cluster={} cnpg.io/podRole=instance cnpg.io/instanceRole=primary"),
            Pods("cnpg.io/cluster={} cnpg.io/podRole=instance cnpg.io/instanceRole=replica"),
            Account("{}"),
            Secret("{}-app"),
            Secret("{}-superuser"),
            Secret("{}-ca"),
            Secret("{}-server"),
            Secret("{}-replication"),
        ],
    ),
    exact(CNPG, "Pooler", &[Service("{}", "5432"), Pods("cnpg.io/poolerName={}"), Account("{}")]),
    exact(CNPG, "*", &[]),
    // Zalando: `pkg/cluster/k8sres.go`.
    by_name(
        &["acid.zalan.do"],
        "postgresql",
        &[
            Service("{}", "5432"),
            Service("{}-repl", "5432"),
            Service("{}-config", ""),
            Service("{}-pooler", "5432"),
            Service("{}-pooler-repl", "5432"),
            Pods("application=spilo cluster-name={} spilo-role=master"),
            Pods("application=spilo cluster-name={} spilo-role=replica"),
            Pods("application=db-connection-pooler cluster-name={}"),
            Account("postgres-pod"),
        ],
    ),
    by_name(
        &["postgres-operator.crunchydata.com", "pgv2.percona.com"],
        "*",
        &[
            Service("{}-primary", "{spec.port|5432}"),
            Service("{}-replicas", "{spec.port|5432}"),
            Service("{}-ha", "{spec.port|5432}"),
            Service("{}-ha-config", ""),
            Service("{}-pods", ""),
            Service("{}-pgbouncer", "{spec.proxy.pgBouncer.port|5432}"),
            Service("{}-pgadmin", "5050"),
            Account("{}-instance"),
            Account("{}-pgbouncer"),
            Secret("{}-cluster-cert"),
            Secret("{}-pguser-{spec.users[].name|}"),
            Pods("postgres-operator.crunchydata.com/cluster={}"),
        ],
    ),
    by_name(
        &["pxc.percona.com"],
        "PerconaXtraDBCluster",
        &[
            Service("{}-pxc", "3306 33062 33060"),
            Service("{}-pxc-unready", "3306 33062 33060"),
            Service("{}-haproxy", ""),
            Service("{}-haproxy-replicas", "3306"),
            Service("{}-proxysql", ""),
            Service("{}-proxysql-unready", "3306 6032"),
            Pods("app.kubernetes.io/instance={}"),
        ],
    ),
    by_name(
        &["psmdb.percona.com"],
        "PerconaServerMongoDB",
        &[
            Service("{}-{spec.replsets[].name}", "27017"),
            Service("{}-mongos", "27017"),
            Service("{}-cfg", "27017"),
            Pods("app.kubernetes.io/instance={}"),
        ],
    ),
    by_name(
        &["mysql.oracle.com"],
        "InnoDBCluster",
        &[
            Service("{}", "3306 33060 6446 6447 6448 6449 6450 8443"),
            Service("{}-instances", ""),
            Pods("mysql.oracle.com/cluster={} component=mysqld"),
            Pods("mysql.oracle.com/cluster={} component=mysqlrouter"),
        ],
    ),
    by_name(
        &["mongodbcommunity.mongodb.com"],
        "MongoDBCommunity",
        &[Service("{spec.statefulSet.spec.serviceName}", "27017"), Service("{}-svc", "27017"), Pods("app={}-svc")],
    ),
    by_name(
        &["databases.spotahome.com"],
        "RedisFailover",
        &[
            Service("rfs-{}", "26379"),
            Service("rfr-{}", "9121"),
            Service("rfrm-{}", "6379"),
            Service("rfrs-{}", "6379"),
            AnyPods,
        ],
    ),
    by_name(
        REDIS,
        "Redis",
        &[Service("{}", "6379"), Service("{}-headless", "6379"), Service("{}-additional", "6379"), Pods("app={}")],
    ),
    by_name(
        REDIS,
        "RedisCluster",
        &[
            Service("{}-leader", "6379"),
            Service("{}-leader-headless", "6379"),
            Service("{}-leader-additional", "6379"),
            Service("{}-follower", "6379"),
            Service("{}-follower-headless", "6379"),
            Service("{}-follower-additional", "6379"),
            Service("{}-master", "6379"),
            Pods("app={}-leader"),
            Pods("app={}-follower"),
        ],
    ),
    by_name(
        REDIS,
        "RedisReplication",
        &[
            Service("{}", "6379"),
            Service("{}-headless", "6379"),
            Service("{}-additional", "6379"),
            Service("{}-master", "6379"),
            Service("{}-replica", "6379"),
            Pods("app={}"),
        ],
    ),
    by_name(
        REDIS,
        "RedisSentinel",
        &[
            Service("{}-sentinel", "26379"),
            Service("{}-sentinel-headless", "26379"),
            Service("{}-sentinel-additional", "26379"),
            Pods("app={}-sentinel"),
        ],
    ),
    by_name(
        &["rabbitmq.com"],
        "RabbitmqCluster",
        &[
            Service("{}", ""),
            Service("{}-nodes", ""),
            Pods("app.kubernetes.io/name={} app.kubernetes.io/component=rabbitmq"),
            Account("{}-server"),
            Secret("{}-default-user"),
        ],
    ),
    exact(&["rabbitmq.com"], "*", &[]),
    by_name(
        &["broker.amq.io", "arkmq.org"],
        "*",
        &[
            Service("{}-hdls-svc", ""),
            Service("{}-{spec.acceptors[].name}-0-svc", "{spec.acceptors[].port}"),
            Service("{}-{spec.connectors[].name}-0-svc", "{spec.connectors[].port}"),
            Service("{}-wconsj-0-svc", "8161"),
            Pods("ActiveMQArtemis={} application={}-app"),
        ],
    ),
    by_name(
        &["minio.min.io"],
        "Tenant",
        &[
            Service("minio", "80 443"),
            Service("{}-console", "9090 9443"),
            Service("{}-hl", "9000"),
            Service("{}-kes-hl-svc", ""),
            Pods("v1.min.io/tenant={}"),
            Secret("{}-tls"),
            Account("{}-sa"),
        ],
    ),
    by_name(
        &["cassandra.datastax.com"],
        "CassandraDatacenter",
        &[
            Service("{spec.clusterName}-{}-service", "9042 9142 8080 9103 9000"),
            Service("{spec.clusterName}-seed-service", ""),
            Service("{spec.clusterName}-{}-all-pods-service", ""),
            Service("{spec.clusterName}-{}-additional-seed-service", ""),
            Service("{spec.clusterName}-{}-node-port-service", ""),
            Pods("cassandra.datastax.com/cluster={spec.clusterName} cassandra.datastax.com/datacenter={}"),
        ],
    ),
    by_name(&["k8ssandra.io", "stargate.k8ssandra.io", "reaper.k8ssandra.io"], "*", &[AnyPods]),
    by_name(
        &["clickhouse.altinity.com"],
        "ClickHouseInstallation",
        &[
            Service("clickhouse-{}", "8123 9000"),
            Service("{spec.templates.serviceTemplates[].generateName}", ""),
            Pods("clickhouse.altinity.com/chi={}"),
        ],
    ),
    by_name(
        &["solr.apache.org"],
        "SolrCloud",
        &[
            Service("{}-solrcloud-common", "{spec.solrAddressability.commonServicePort|80} 443"),
            Service("{}-solrcloud-headless", "8983"),
            Service("{}-solrcloud-zookeeper-client", "2181"),
            Pods("solr-cloud={}"),
        ],
    ),
    by_name(
        &["opensearch.org", "opensearch.opster.io"],
        "OpenSearchCluster",
        &[
            Service("{spec.general.serviceName|}", "{spec.general.httpPort|9200} 9300 9600"),
            Service("{}-discovery", "9300"),
            Service("{spec.general.serviceName|}-{spec.nodePools[].component}", ""),
            Service("{spec.general.serviceName|}-dashboards", "5601"),
            Service("{}-dashboards", "5601"),
            Pods("opensearch.org/opensearch-cluster={}"),
            Pods("opster.io/opensearch-cluster={}"),
        ],
    ),
    by_name(
        &["ceph.rook.io"],
        "CephCluster",
        &[
            Service("rook-ceph-mgr", "9283"),
            Service("rook-ceph-mgr-dashboard", "7000 8443"),
            Service("rook-ceph-exporter", "9926"),
            AnyPods,
        ],
    ),
    by_name(
        &["ceph.rook.io"],
        "CephObjectStore",
        &[
            Service("rook-ceph-rgw-{}", "{spec.gateway.port|80} {spec.gateway.securePort|443}"),
            Pods("app=rook-ceph-rgw rook_object_store={}"),
        ],
    ),
    by_name(&["ceph.rook.io"], "*", &[AnyPods]),
    by_name(
        &["pingcap.com"],
        "TidbCluster",
        &[Service("{}-tidb", "4000 10080"), Service("{}-pd", "2379"), Pods("app.kubernetes.io/instance={}")],
    ),
    by_name(&["apps.emqx.io"], "*", &[Service("{}-dashboard", ""), Service("{}-listeners", ""), AnyPods]),
    by_name(&["temporal.io"], "TemporalCluster", &[Service("{}-frontend", "7233"), Service("{}-ui", "8080"), AnyPods]),
];
