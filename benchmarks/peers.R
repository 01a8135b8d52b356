# What R takes on the same rows: Rscript peers.R <cluster-robust|mixed-models> rows.csv repetitions
# Prints name<TAB>median seconds, warm; packages that are not installed are left out.

arguments <- commandArgs(trailingOnly = TRUE)
question <- arguments[1]
rows <- read.csv(arguments[2])
rows$cluster <- factor(rows$cluster)
repetitions <- as.integer(arguments[3])

here <- function(...) all(vapply(c(...), requireNamespace, logical(1), quietly = TRUE))

median_seconds <- function(name, work) {
  work()
  taken <- replicate(repetitions, {
    gc()
    system.time(work(), gcFirst = FALSE)[["elapsed"]]
  })
  cat(name, "\t", median(taken), "\n", sep = "")
}

formula <- y ~ treatment + pretest + age

if (question == "cluster-robust") {
  if (here("estimatr")) {
    median_seconds("estimatr CR2 + df", function() {
      estimatr::lm_robust(formula, data = rows, clusters = cluster, se_type = "CR2")
    })
  }
  if (here("clubSandwich") && nrow(rows) <= 1e4) {
    fit <- lm(formula, data = rows)
    median_seconds("clubSandwich CR2 + df", function() {
      clubSandwich::coef_test(fit, vcov = "CR2", cluster = rows$cluster, test = "Satterthwaite")
    })
  }
}

if (question == "mixed-models") {
  mixed <- update(formula, . ~ . + (1 | cluster))
  if (here("lme4")) {
    median_seconds("lme4 REML", function() lme4::lmer(mixed, data = rows, REML = TRUE))
  }
  if (here("lmerTest")) {
    median_seconds("lmerTest REML + Satterthwaite", function() {
      summary(lmerTest::lmer(mixed, data = rows, REML = TRUE))
    })
  }
  if (here("lmerTest", "pbkrtest")) {
    median_seconds("pbkrtest REML + Kenward-Roger", function() {
      summary(lmerTest::lmer(mixed, data = rows, REML = TRUE), ddf = "Kenward-Roger")
    })
  }
}
