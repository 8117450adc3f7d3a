# Draws stages.svg from stages.csv: run `gnuplot stages.gp` in this directory.
set terminal svg size 1540,410 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'stages.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
unset title
set multiplot layout 1,4 title "Per token and stage: lookup T=128 rows=256 (64 MiB) and dense d=512 ff=2048" font 'Arial,17'
set yrange [0.4:7.6]
set xtics font 'Arial,13'
set grid noytics
set style fill solid 0.85 noborder
unset key
set tmargin 1
set bmargin 4
set lmargin at screen 0.1494
set rmargin at screen 0.3145
set ytics ("lookup: layer norm" 7, "lookup: projection" 6, "lookup: code and score" 5, "lookup: gather" 4, "dense: first product" 3, "dense: bias and GELU" 2, "dense: second product" 1) scale 0
set xrange [0:2202547.2]
set xtics ('0' 0.0, '500 k' 500000.0, '1 M' 1000000.0, '1.5 M' 1500000.0, '2 M' 2000000.0)
set xlabel "FLOP (counted)"
plot 'stages.csv' skip 1 using ($3/2):($1 == 1 ? $2 : NaN):($3/2):(0.36) with boxxyerror linecolor '#0072B2', \
  'stages.csv' skip 1 using ($3/2):($1 == 2 ? $2 : NaN):($3/2):(0.36) with boxxyerror linecolor '#D55E00'
set lmargin at screen 0.3545
set rmargin at screen 0.5197
set ytics ('' 1, '' 2, '' 3, '' 4, '' 5, '' 6, '' 7) scale 0
set xrange [0:278478.9]
set xtics ('0' 0.0, '50 k' 50000.0, '100 k' 100000.0, '150 k' 150000.0, '200 k' 200000.0, '250 k' 250000.0)
set xlabel "Algorithmic bytes (counted)"
plot 'stages.csv' skip 1 using ($4/2):($1 == 1 ? $2 : NaN):($4/2):(0.36) with boxxyerror linecolor '#0072B2', \
  'stages.csv' skip 1 using ($4/2):($1 == 2 ? $2 : NaN):($4/2):(0.36) with boxxyerror linecolor '#D55E00'
set lmargin at screen 0.5597
set rmargin at screen 0.7248
set ytics ('' 1, '' 2, '' 3, '' 4, '' 5, '' 6, '' 7) scale 0
set xrange [0:12484.163593547426]
set xtics ('0' 0.0, '2 k' 2000.0, '4 k' 4000.0, '6 k' 6000.0, '8 k' 8000.0, '10 k' 10000.0, '12 k' 12000.0)
set xlabel "Time (measured, ns)"
plot 'stages.csv' skip 1 using ($5/2):($1 == 1 ? $2 : NaN):($5/2):(0.36) with boxxyerror linecolor '#0072B2', \
  'stages.csv' skip 1 using ($5/2):($1 == 2 ? $2 : NaN):($5/2):(0.36) with boxxyerror linecolor '#D55E00'
set lmargin at screen 0.7648
set rmargin at screen 0.9300
set ytics ('' 1, '' 2, '' 3, '' 4, '' 5, '' 6, '' 7) scale 0
set xrange [0:12484.163593547426]
set xtics ('0' 0.0, '2 k' 2000.0, '4 k' 4000.0, '6 k' 6000.0, '8 k' 8000.0, '10 k' 10000.0, '12 k' 12000.0)
set xlabel "Time (modelled, ns)"
plot 'stages.csv' skip 1 using ($6/2):($1 == 1 ? $2 : NaN):($6/2):(0.36) with boxxyerror linecolor '#0072B2', \
  'stages.csv' skip 1 using ($6/2):($1 == 2 ? $2 : NaN):($6/2):(0.36) with boxxyerror linecolor '#D55E00'
unset multiplot
