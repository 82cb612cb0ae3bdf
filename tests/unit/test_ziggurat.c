// SPDX-License-Identifier: GPL-3.0-or-later
/* The constant tables of sim/draw_ziggurat_tables.c against the construction that defines them, in extended precision.
 *
 * Run with the argument --print, this program writes the table file. */
#include "sim/draw_ziggurat.h"
#include "tests/support/test.h"

#include <math.h>

enum { LAYERS = SIM_ZIGGURAT_LAYERS };

typedef struct shape {
    const char *name;
    const char *formula;
    long double (*density)(long double x);
    long double (*inverse)(long double y);
    long double (*tail)(long double x); /* area right of x */
    const sim_ziggurat_t *table;
} shape_t;

static long double exp_density(long double x)
{
    return expl(-x);
}
static long double exp_inverse(long double y)
{
    return -logl(y);
}
static long double normal_density(long double x)
{
    return expl(-x * x / 2);
}
static long double normal_inverse(long double y)
{
    return sqrtl(-2 * logl(y));
}
static long double normal_tail(long double x)
{
    return sqrtl(acosl(-1) / 2) * erfcl(x / sqrtl(2));
}

static const shape_t shapes[] = {
    {"exponential", "exp(-x)", exp_density, exp_inverse, exp_density, &sim_ziggurat_exponential},
    {"normal", "exp(-x^2/2)", normal_density, normal_inverse, normal_tail, &sim_ziggurat_normal},
};

/* Stacks layers of equal area from the start r of the tail; the excess of the top over f(0) = 1 tells r's error. */
static long double stack(const shape_t *shape, long double r, long double x[LAYERS + 1])
{
    long double v = r * shape->density(r) + shape->tail(r);
    x[0] = v / shape->density(r);
    x[1] = r;
    for (int i = 1; i < LAYERS; i++) {
        long double top = shape->density(x[i]) + v / x[i];
        if (top >= 1 && i < LAYERS - 1)
            return 1;
        x[i + 1] = i < LAYERS - 1 ? shape->inverse(top) : 0;
        if (i == LAYERS - 1)
            return top - 1;
    }
    return 0;
}

/* Bisection on r until the top layer ends at f(0). */
static void compute(const shape_t *shape, long double x[LAYERS + 1])
{
    long double low = 1;
    long double high = 20;
    for (int i = 0; i < 200; i++) {
        long double middle = (low + high) / 2;
        if (stack(shape, middle, x) > 0)
            low = middle;
        else
            high = middle;
    }
    stack(shape, high, x);
}

static void compare(const shape_t *shape)
{
    long double x[LAYERS + 1];
    compute(shape, x);
    for (int i = 0; i <= LAYERS; i++) {
        double f = i == 0 ? 0 : (double)shape->density(x[i]);
        assert_true(fabs(shape->table->x[i] - (double)x[i]) <= 0x1p-52 * fabs(shape->table->x[i]));
        assert_true(fabs(shape->table->f[i] - f) <= 0x1p-52 * f);
    }
}

static void test_tables_equal_their_construction(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        compare(&shapes[i]);
}

/* Published starts of the tail: Marsaglia and Tsang (2000), table of the 256-layer ziggurats. */
static void test_tail_starts_are_the_published_ones(void **state)
{
    (void)state;
    assert_true(fabs(sim_ziggurat_exponential.x[1] - 7.69711747013104972) < 1e-14);
    assert_true(fabs(sim_ziggurat_normal.x[1] - 3.6541528853610088) < 1e-14);
}

static void test_layers_shrink_and_rise(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int i = 0; i < LAYERS; i++) {
            assert_true(shapes[s].table->x[i] > shapes[s].table->x[i + 1]);
            assert_true(shapes[s].table->f[i] < shapes[s].table->f[i + 1]);
        }
}

static void print_column(const char *name, const double *values)
{
    printf("    .%s = {\n", name);
    for (int i = 0; i <= LAYERS; i++)
        printf("%s%a,%s", i % 4 ? " " : "        ", values[i], i % 4 == 3 || i == LAYERS ? "\n" : "");
    printf("    },\n");
}

static void print_table(const shape_t *shape)
{
    long double x[LAYERS + 1];
    double rounded[2][LAYERS + 1];
    compute(shape, x);
    for (int i = 0; i <= LAYERS; i++) {
        rounded[0][i] = (double)x[i];
        rounded[1][i] = i == 0 ? 0 : (double)shape->density(x[i]);
    }
    printf("\n/* f(x) = %s, tail from r = %.17g */\n", shape->formula, rounded[0][1]);
    printf("const sim_ziggurat_t sim_ziggurat_%s = {\n", shape->name);
    print_column("x", rounded[0]);
    print_column("f", rounded[1]);
    printf("};\n");
}

static int print_file(void)
{
    printf("// SPDX-License-Identifier: GPL-3.0-or-later\n"
           "/* Written by `test_unit_ziggurat --print`, which also checks every entry; see sim/draw_ziggurat.h.\n"
           " * Constants and not computed at the start: libm's last bits differ from one machine to the next. */\n"
           "#include \"sim/draw_ziggurat.h\"\n\n// clang-format off\n");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        print_table(&shapes[i]);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_equal_their_construction),
        cmocka_unit_test(test_tail_starts_are_the_published_ones),
        cmocka_unit_test(test_layers_shrink_and_rise),
    };
    if (argc > 1 && strcmp(argv[1], "--print") == 0)
        return print_file();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
