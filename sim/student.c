// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/student.h"

#include "sim/error.h"
#include "sim/math.h"

#include <math.h>

/* Continued fraction of the incomplete beta function by Lentz's method (Numerical Recipes 6.4); converges fast for
 * x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1;
    double d = 1 / (1 - (a + b) * x / (a + 1));
    double h = d;
    for (int m = 1; m <= 100000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / (1 + even * d);
        c = 1 + even / c;
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-16)
            break;
    }
    return h;
}

/* log of x^a (1-x)^b / B(a, b), with y = 1 - x given apart for its digits. */
static double log_front(double a, double b, double x, double y)
{
    return sim_lgamma(a + b) - sim_lgamma(a) - sim_lgamma(b) + a * sim_log(x) + b * sim_log(y);
}

/* For t >= 0 the tail is half the regularised incomplete beta function I_x(df/2, 1/2), x = df / (df + t^2). */
double sim_student_tail(double t, double df)
{
    SIM_ASSERT(df > 0);
    if (t < 0)
        return 1 - sim_student_tail(-t, df);
    if (t <= 0)
        return 0.5;
    double a = df / 2;
    double b = 0.5;
    double x = df / (df + t * t);
    double y = t * t / (df + t * t);
    double front = sim_exp(log_front(a, b, x, y));
    if (x < (a + 1) / (a + b + 2))
        return 0.5 * front * beta_fraction(a, b, x) / a;
    return 0.5 - 0.5 * front * beta_fraction(b, a, y) / b;
}

/* Bisection on the tail: slow and sure, for reports and not for the event path. */
double sim_student_quantile(double p, double df)
{
    SIM_ASSERT(p > 0 && p < 1 && df > 0);
    if (p < 0.5)
        return -sim_student_quantile(1 - p, df);
    double tail = 1 - p;
    double low = 0;
    double high = 1;
    while (sim_student_tail(high, df) > tail)
        high *= 2;
    for (int i = 0; i < 64; i++) {
        double middle = (low + high) / 2;
        *(sim_student_tail(middle, df) > tail ? &low : &high) = middle;
    }
    return (low + high) / 2;
}
