/*
 * GET /metrics as Prometheus sees it: its own checker reads it, a real Prometheus scrapes it, and
 * what deploy/ asks for is there. Needs Debian's package `prometheus` (./dev setup).
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/assertions.h"
#include "tests/integration/operations_client.h"

#define PROMETHEUS_PATIENCE_MS 60000

static struct {
    pid_t pid; /* 0: not running */
    char folder[512];
    unsigned port;
} prometheus;

/* The body of /metrics, to be freed. */
static char *metrics(void)
{
    struct operations_reply reply = operations_call("GET", "/metrics", "", NULL);
    const char *body = strstr(reply.text ?: "", "\r\n\r\n");
    assert_int_equal(reply.status, 200);
    assert_non_null(body);
    assert_non_null(
        strcasestr(reply.text, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    char *text = strdup(body + 4);
    operations_reply_free(&reply);
    return text;
}

static void write_file(const char *path, const char *text)
{
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* Its checker finds neither an error nor a habit to complain of, with every label set that there
   can be. */
static void promtool_is_content(void **state)
{
    (void)state;
    char command[1200], path[600];
    assert_talking("promtool", "ann");
    assert_talking("promtool", "bob");
    event_loop_run_ms(2500);
    char *text = metrics();
    assert_non_null(
        strstr(text, "iris_participant_layer_bytes_total{node=\"a \\\"node\\\"\",room="));
    snprintf(path, sizeof(path), "%s/metrics.txt", TEMPORARY_FOLDER);
    write_file(path, text);
    snprintf(command, sizeof(command), "promtool check metrics <'%s'", path);
    int status = system(command);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s: status %d", command, WEXITSTATUS(status));
    free(text);
}

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* In the child: never returns. */
static void become_prometheus(pid_t parent, const char *config, const char *log_path)
{
    char config_option[800], storage[800], listen_option[64];
    snprintf(config_option, sizeof(config_option), "--config.file=%s", config);
    snprintf(storage, sizeof(storage), "--storage.tsdb.path=%s", prometheus.folder);
    snprintf(listen_option, sizeof(listen_option), "--web.listen-address=127.0.0.1:%u",
             prometheus.port);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (getppid() != parent || log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(126);
    execlp("prometheus", "prometheus", config_option, storage, listen_option, NULL);
    _exit(127);
}

static void start_prometheus(void)
{
    char config[700], text[2000], log[700];
    pid_t self = getpid();
    snprintf(prometheus.folder, sizeof(prometheus.folder), "%s/prometheus-XXXXXX",
             TEMPORARY_FOLDER);
    assert_non_null(mkdtemp(prometheus.folder));
    prometheus.port = free_port();
    snprintf(config, sizeof(config), "%s/prometheus.yml", TEMPORARY_FOLDER);
    snprintf(log, sizeof(log), "%s/prometheus.log", TEMPORARY_FOLDER);
    snprintf(text, sizeof(text),
             "rule_files: ['%s/prometheus/iris.rules.yml']\n"
             "global: {evaluation_interval: 1s}\n"
             "scrape_configs:\n"
             "  - job_name: iris\n"
             "    scrape_interval: 1s\n"
             "    static_configs: [{targets: ['127.0.0.1:%u']}]\n",
             DEPLOY_FOLDER, (unsigned)server_process_operations_port());
    write_file(config, text);
    prometheus.pid = fork();
    assert_true(prometheus.pid >= 0);
    if (prometheus.pid == 0)
        become_prometheus(self, config, log);
}

static int stop_prometheus(void **state)
{
    char command[700];
    if (prometheus.pid > 0) {
        kill(prometheus.pid, SIGTERM);
        waitpid(prometheus.pid, NULL, 0);
        prometheus.pid = 0;
        snprintf(command, sizeof(command), "rm -r '%s'", prometheus.folder);
        (void)!system(command);
    }
    return media_client_destroy_all(state);
}

/* The value that Prometheus has of an expression; -1: none. */
static double ask(const char *expression)
{
    char request[400];
    int len = snprintf(request, sizeof(request),
                       "GET /api/v1/query?query=%s HTTP/1.1\r\nHost: localhost\r\n"
                       "Connection: close\r\n\r\n",
                       expression);
    struct operations_reply reply =
        operations_exchange((uint16_t)prometheus.port, request, (size_t)len);
    const json_t *result = json_object_get(json_object_get(reply.body, "data"), "result");
    const json_t *value = json_object_get(json_array_get(result, 0), "value");
    const char *text = json_string_value(json_array_get(value, 1));
    double number = text ? g_ascii_strtod(text, NULL) : -1;
    operations_reply_free(&reply);
    return number;
}

static bool has_two(void *context)
{
    (void)context;
    return ask("iris_participants") == 2;
}

static bool has_none(void *context)
{
    (void)context;
    return ask("iris_participants") == 0 && ask("count(iris_room_participants)") == -1;
}

/* The rules that are shipped work on what is scraped. */
static bool has_share(void *context)
{
    (void)context;
    return ask("iris:network_sent:share") > 0;
}

static void prometheus_scrapes_it(void **state)
{
    (void)state;
    start_prometheus();
    struct media_client *ann = assert_talking("scrape", "ann");
    struct media_client *bob = assert_talking("scrape", "bob");
    assert_true(event_loop_until(has_two, NULL, PROMETHEUS_PATIENCE_MS));
    event_loop_run_ms(4000);
    assert_true(ask("up") == 1);
    assert_true(ask("iris_room_participants") == 2);
    assert_true(ask("sum(rate(iris_slot_bytes_total[10s]))") > 10000);
    assert_true(ask("iris_join_seconds_count") >= 2);
    assert_true(ask("iris_forwarding_delay_seconds_count") > 0);
    assert_true(event_loop_until(has_share, NULL, PROMETHEUS_PATIENCE_MS));
    media_client_leave(ann);
    media_client_leave(bob);
    assert_true(event_loop_until(has_none, NULL, PROMETHEUS_PATIENCE_MS));
}

static bool is_name(char c)
{
    return c == '_' || g_ascii_isalnum(c);
}

/* Every iris_* that a file names is a metric of the server. @return how many names were looked at
 */
static unsigned assert_known(const char *file, const char *output)
{
    char *text = NULL, needle[200];
    unsigned count = 0;
    assert_true(g_file_get_contents(file, &text, NULL, NULL));
    for (const char *at = text; (at = strstr(at, "iris_")); count++) {
        size_t len = 0;
        while (is_name(at[len]))
            len++;
        snprintf(needle, sizeof(needle), "\n%.*s{", (int)len, at);
        if (!strstr(output, needle))
            fail_msg("%s: the server has no metric %.*s", file, (int)len, at);
        at += len;
    }
    g_free(text);
    return count;
}

static void what_deploy_asks_for_is_there(void **state)
{
    (void)state;
    assert_talking("deploy", "ann");
    event_loop_run_ms(1500);
    char *text = metrics();
    assert_true(assert_known(DEPLOY_FOLDER "/prometheus/iris.rules.yml", text) >= 15);
    assert_true(assert_known(DEPLOY_FOLDER "/prometheus/iris.rules.test.yml", text) >= 15);
    assert_true(assert_known(DEPLOY_FOLDER "/grafana/iris.json", text) >= 25);
    json_t *dashboard = json_load_file(DEPLOY_FOLDER "/grafana/iris.json", 0, NULL);
    assert_true(json_array_size(json_object_get(dashboard, "panels")) > 10);
    json_decref(dashboard);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(prometheus_scrapes_it, stop_prometheus),
        CONFERENCE_TEST(promtool_is_content),
        CONFERENCE_TEST(what_deploy_asks_for_is_there),
    };
    server_process_set("metrics_detail=participant");
    server_process_set("node_name=a \"node\"");
    return RUN_WITH_SERVER(tests);
}
