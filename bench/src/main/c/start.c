/*
 * Runs two commands in turn and compares how long each takes from start to end, and the most memory
 * it had resident.
 *
 *   start ROUNDS COMMAND... -- OTHER COMMAND...
 *
 * What the commands print is thrown away; one that fails ends the comparison.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 1000

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* Milliseconds from fork to the end; the peak of resident memory, in KiB, is raised in *rss. */
static double run(char **argv, long *rss)
{
	double start = now_ms();
	struct rusage usage;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
		perror("start");
		exit(1);
	}
	if (status != 0) {
		fprintf(stderr, "start: %s failed (wait status 0x%x)\n", argv[0], status);
		exit(1);
	}
	if (usage.ru_maxrss > *rss)
		*rss = usage.ru_maxrss;
	return now_ms() - start;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int n)
{
	qsort(values, n, sizeof(*values), ascending);
	return values[n / 2];
}

int main(int argc, char **argv)
{
	static double a[ROUNDS_MAX], b[ROUNDS_MAX], ratio[ROUNDS_MAX];
	char **other = NULL;
	long rss_a = 0, rss_b = 0;
	int rounds = argc > 1 ? atoi(argv[1]) : 0;

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			argv[i] = NULL;
			other = argv + i + 1;
			break;
		}
	}
	if (rounds < 1 || rounds > ROUNDS_MAX || argc < 5 || !other || !*other) {
		fprintf(stderr, "usage: start ROUNDS COMMAND... -- OTHER COMMAND...\n");
		return 2;
	}
	run(argv + 2, &rss_a);	/* Both are in the page cache from here on. */
	run(other, &rss_b);
	for (int i = 0; i < rounds; i++) {
		a[i] = run(argv + 2, &rss_a);
		b[i] = run(other, &rss_b);
		ratio[i] = a[i] / b[i];
	}
	printf("rounds: %d, in turn\n", rounds);
	printf("%s: %.0f ms (median), at most %.1f MiB resident\n", argv[2], median(a, rounds),
	       rss_a / 1024.0);
	printf("%s: %.0f ms (median), at most %.1f MiB resident\n", other[0], median(b, rounds),
	       rss_b / 1024.0);
	printf("ratio of times: %.2f (median of rounds)\n", median(ratio, rounds));
	return 0;
}
